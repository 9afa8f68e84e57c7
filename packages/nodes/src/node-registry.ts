import { randomUUID } from "node:crypto";
import type { Collection, Documents } from "@pi-controller/document";
import type { Network } from "@pi-controller/mesh";
import { type Clock, sleep } from "@pi-controller/runtime";
import {
  MeshError,
  type NodeId,
  type NodeRecord,
  type NodeRegistration,
  type NodeUpdate,
  toNodeName,
} from "@pi-controller/schema";
import { announcementsCollection, nodesCollection } from "./collections.ts";
import { hostOf } from "./host-address.ts";
import { uniqueNodeName } from "./node-names.ts";
import type { EventsPort, MembershipPort } from "./ports.ts";
import { revisionOf } from "./revision.ts";
import type { RequestContext } from "./use-cases.ts";

const DIAL_TIMEOUT_MS = 3_000;
/** A peer that was dialled has joined when it stands in the roster; syncing takes a moment. */
const JOIN_TIMEOUT_MS = 10_000;

export interface NodeRegistryComponents {
  readonly network: Pick<Network, "self" | "dial">;
  readonly documents: Pick<Documents, "mesh">;
  readonly membership: Pick<MembershipPort, "members">;
  readonly events: EventsPort;
  readonly clock: Clock;
  /** Makes multiaddrs to dial from what a person typed. */
  readonly toMultiaddrs: (address: string) => Promise<readonly string[]>;
}

/** Changes of the roster that people ask for. */
export class NodeRegistry {
  readonly #components: NodeRegistryComponents;

  constructor(components: NodeRegistryComponents) {
    this.#components = components;
  }

  /** @throws MeshError NOT_FOUND */
  get(id: NodeId): NodeRecord {
    const record = this.#nodes.get(id);
    if (record === undefined) throw new MeshError("NOT_FOUND", `There is no node ${id}`);
    return record;
  }

  /**
   * Enters a machine in the roster: as the peer that answers at its address, or as a machine without one.
   *
   * @returns its record, and whether it is new
   * @throws MeshError ALREADY_EXISTS when another node has the name, UNAVAILABLE when a peer answered and
   *   did not join in time
   */
  async register(
    registration: NodeRegistration,
    context: RequestContext,
  ): Promise<{ readonly record: NodeRecord; readonly created: boolean }> {
    if (registration.name !== undefined) this.#requireFreeName(registration.name, undefined);
    const dialled = await this.#dial(registration.address);
    if (dialled !== undefined) return this.#adopt(dialled, registration, context);
    const existing = this.#findMachine(registration);
    if (existing !== undefined) return { record: existing, created: false };
    const record = await this.#recordMachine(registration);
    this.#components.events.emit("cluster.node.added", {
      node: record.id,
      data: { name: record.name, kind: record.kind },
      correlationId: context.correlationId,
    });
    return { record, created: true };
  }

  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION (revision), ALREADY_EXISTS (name) */
  async update(
    id: NodeId,
    update: NodeUpdate,
    ifMatch: string | undefined,
    context: RequestContext,
  ): Promise<NodeRecord> {
    const record = this.get(id);
    requireRevision(record, ifMatch);
    if (update.name !== undefined) this.#requireFreeName(update.name, id);
    const changed: string[] = [];
    if (update.name !== undefined && update.name !== record.name) changed.push("name");
    if (update.labels !== undefined && revisionOf(update.labels) !== revisionOf(record.labels))
      changed.push("labels");
    if (changed.length === 0) return record;
    const updated: NodeRecord = {
      ...record,
      name: update.name ?? record.name,
      labels: update.labels ?? record.labels,
      updatedAt: new Date(this.#components.clock.now()).toISOString(),
    };
    await this.#nodes.put(id, updated);
    this.#components.events.emit("cluster.node.updated", {
      node: id,
      data: { name: updated.name, changed },
      correlationId: context.correlationId,
    });
    return updated;
  }

  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when the revision is another one or the node is alive */
  async remove(id: NodeId, ifMatch: string | undefined, context: RequestContext): Promise<void> {
    const { documents, membership, network, events } = this.#components;
    const record = this.get(id);
    requireRevision(record, ifMatch);
    const state = membership.members().get(id)?.state;
    if (id === network.self || state === "alive" || state === "suspect") {
      throw new MeshError(
        "FAILED_PRECONDITION",
        `${record.name} is ${state ?? "alive"}: it would enter itself in the roster again. Stop its peer first.`,
      );
    }
    await this.#nodes.delete(id);
    await documents.mesh.collection(announcementsCollection).delete(id);
    events.emit("cluster.node.removed", {
      node: id,
      data: { name: record.name },
      correlationId: context.correlationId,
    });
  }

  get #nodes(): Collection<NodeRecord> {
    return this.#components.documents.mesh.collection(nodesCollection);
  }

  async #dial(address: string): Promise<NodeId | undefined> {
    const { network, toMultiaddrs } = this.#components;
    const addresses = await toMultiaddrs(address);
    if (addresses.length === 0) return undefined;
    const result = await network.dial({ addresses }, DIAL_TIMEOUT_MS);
    return result.outcome === "connected" ? result.peer : undefined;
  }

  async #adopt(id: NodeId, registration: NodeRegistration, context: RequestContext) {
    const created = this.#nodes.get(id) === undefined;
    const record = await this.#joined(id);
    const update = { ...pickDefined(registration) };
    if (Object.keys(update).length === 0) return { record, created };
    return { record: await this.update(id, update, undefined, context), created };
  }

  async #joined(id: NodeId): Promise<NodeRecord> {
    const timeout = new AbortController();
    const { clock } = this.#components;
    let unsubscribe = () => {};
    const appeared = new Promise<NodeRecord>((resolve) => {
      const look = () => {
        const record = this.#nodes.get(id);
        if (record !== undefined) resolve(record);
      };
      unsubscribe = this.#nodes.observe(look);
      look();
    });
    const late = sleep(clock, JOIN_TIMEOUT_MS, timeout.signal).then(() => {
      throw new MeshError(
        "UNAVAILABLE",
        `The peer ${id} answers at that address, and has not joined the mesh yet`,
        {
          retryAfterMs: JOIN_TIMEOUT_MS,
        },
      );
    });
    try {
      return await Promise.race([appeared, late]);
    } finally {
      unsubscribe();
      late.catch(() => {
        // The peer has joined; its deadline means nothing any more.
      });
      timeout.abort();
    }
  }

  #findMachine({ address, macAddress }: NodeRegistration): NodeRecord | undefined {
    return [...this.#nodes.all().values()].find(
      (node) =>
        (macAddress !== undefined && node.macAddress === macAddress) ||
        (node.address !== undefined && hostOf(node.address) === hostOf(address)),
    );
  }

  async #recordMachine(registration: NodeRegistration): Promise<NodeRecord> {
    const id = `manual-${randomUUID()}`;
    const host = hostOf(registration.address);
    const taken = new Set([...this.#nodes.all().values()].map((node) => node.name));
    const time = new Date(this.#components.clock.now()).toISOString();
    const record: NodeRecord = {
      id,
      kind: "manual",
      name: registration.name ?? uniqueNodeName(toNodeName(host), id, taken),
      labels: registration.labels ?? {},
      createdAt: time,
      updatedAt: time,
      address: host,
      ...(registration.macAddress === undefined ? {} : { macAddress: registration.macAddress }),
    };
    await this.#nodes.put(id, record);
    return record;
  }

  #requireFreeName(name: string, except: NodeId | undefined): void {
    for (const node of this.#nodes.all().values()) {
      if (node.name === name && node.id !== except) {
        throw new MeshError("ALREADY_EXISTS", `Another node is called ${name}`, {
          fields: [
            { field: "name", message: `expected a name that no other node has; ${node.id} is ${name}` },
          ],
        });
      }
    }
  }
}

function pickDefined({ name, labels }: NodeRegistration): NodeUpdate {
  return { ...(name === undefined ? {} : { name }), ...(labels === undefined ? {} : { labels }) };
}

function requireRevision(record: NodeRecord, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== revisionOf(record)) {
    throw new MeshError("FAILED_PRECONDITION", `${record.name} has changed since you read it: read it again`);
  }
}
