import type { Collection, Documents } from "@pi-controller/document";
import type { AddressBook } from "@pi-controller/mesh";
import type { Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { Announcement, NodeId, NodeRecord } from "@pi-controller/schema";
import { announcementsCollection, nodesCollection } from "./collections.ts";
import { isListed, type MembershipPort, type MembersPort, type MetricsPort } from "./ports.ts";

export interface RosterOptions {
  readonly self: NodeId;
}

export interface RosterComponents {
  readonly documents: Pick<Documents, "mesh" | "forgetNode">;
  readonly members: MembersPort;
  readonly membership: Pick<MembershipPort, "setRoster" | "forget">;
  readonly addressBook: Pick<AddressBook, "replace" | "remove">;
  readonly metrics: Pick<MetricsPort, "forget">;
  readonly logger: Logger;
}

/**
 * Carries the roster to those who act on it: membership learns whom to watch, the address book where they are, and
 * all forget a node that was removed, was revoked or left.
 */
export class Roster implements Service {
  readonly name = "roster";
  readonly #components: RosterComponents;
  readonly #self: NodeId;
  #known: ReadonlySet<NodeId> = new Set();
  readonly #unsubscribe: Unsubscribe[] = [];

  constructor(components: RosterComponents, options: RosterOptions) {
    this.#components = components;
    this.#self = options.self;
  }

  async start(): Promise<void> {
    const nodes = this.#nodes();
    const announcements = this.#announcements();
    this.#unsubscribe.push(
      nodes.observe(() => this.#update(nodes)),
      this.#components.members.observe(() => this.#update(nodes)),
      announcements.observe((changes) => {
        for (const { value } of changes) this.#learnAddresses(value);
      }),
    );
    for (const announcement of announcements.all()) this.#learnAddresses(announcement);
    this.#update(nodes);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  /** Ids of all nodes that run a peer, in reach or not. */
  peers(): readonly NodeId[] {
    return this.#components.members.all();
  }

  /** What people call a node; undefined when it is not in the roster. */
  nameOf(id: NodeId): string | undefined {
    return this.#nodes().get(id)?.name;
  }

  #nodes(): Collection<NodeRecord> {
    return this.#components.documents.mesh.collection(nodesCollection);
  }

  #announcements(): Collection<Announcement> {
    return this.#components.documents.mesh.collection(announcementsCollection);
  }

  #learnAddresses(announcement: Announcement | undefined): void {
    if (announcement !== undefined && this.#components.members.has(announcement.id)) {
      this.#components.addressBook.replace(announcement.id, announcement.addresses);
    }
  }

  #update(nodes: Collection<NodeRecord>): void {
    const { documents, membership, addressBook, members, metrics, logger } = this.#components;
    const listed = nodes.all().filter((record) => isListed(record, members));
    const known = new Set(listed.map(({ id }) => id));
    for (const id of this.#known) {
      if (known.has(id)) continue;
      // A member whose entry somebody took out enters itself again; this node forgets nothing of itself.
      if (id === this.#self || members.has(id)) continue;
      logger.info({ node: id }, "A node was removed from the roster");
      addressBook.remove(id);
      metrics.forget(id);
      membership.forget(id);
      documents.forgetNode(id).catch((error: unknown) => {
        logger.error({ node: id, err: error }, "The document of a removed node could not be dropped");
      });
    }
    // Whoever was admitted just now may have told where he is before.
    for (const id of known) {
      if (!this.#known.has(id)) this.#learnAddresses(this.#announcements().get(id));
    }
    this.#known = known;
    membership.setRoster(this.peers());
  }
}
