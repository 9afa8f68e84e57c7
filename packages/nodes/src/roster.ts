import type { Collection, Documents } from "@pi-controller/document";
import type { AddressBook } from "@pi-controller/mesh";
import type { Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { Announcement, NodeId, NodeRecord } from "@pi-controller/schema";
import { announcementsCollection, nodesCollection } from "./collections.ts";
import type { MembershipPort, MetricsPort } from "./ports.ts";

export interface RosterOptions {
  readonly self: NodeId;
}

export interface RosterComponents {
  readonly documents: Pick<Documents, "mesh" | "forgetNode">;
  readonly membership: Pick<MembershipPort, "setRoster" | "forget">;
  readonly addressBook: Pick<AddressBook, "replace" | "remove">;
  readonly metrics: Pick<MetricsPort, "forget">;
  readonly logger: Logger;
}

/**
 * Carries the roster from the mesh document to those who act on it: membership learns whom to watch, the
 * address book where they are, and all forget a node that an operator removed.
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
  peers(): NodeId[] {
    return this.#nodes()
      .all()
      .filter(({ kind }) => kind === "peer")
      .map(({ id }) => id);
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
    if (announcement !== undefined) {
      this.#components.addressBook.replace(announcement.id, announcement.addresses);
    }
  }

  #update(nodes: Collection<NodeRecord>): void {
    const { documents, membership, addressBook, metrics, logger } = this.#components;
    const known = new Set(nodes.all().map(({ id }) => id));
    for (const id of this.#known) {
      if (known.has(id)) continue;
      // Removed by somebody who took it for dead: it forgets nothing of itself, and enters itself again.
      if (id === this.#self) continue;
      logger.info({ node: id }, "A node was removed from the roster");
      addressBook.remove(id);
      metrics.forget(id);
      membership.forget(id);
      documents.forgetNode(id).catch((error: unknown) => {
        logger.error({ node: id, err: error }, "The document of a removed node could not be dropped");
      });
    }
    this.#known = known;
    membership.setRoster(this.peers());
  }
}
