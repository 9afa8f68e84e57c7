import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Collection, Documents, Transaction } from "@pi-controller/document";
import type { Network } from "@pi-controller/mesh";
import { type Clock, sleep } from "@pi-controller/runtime";
import {
  type Labels,
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
import { type EventsPort, isListed, type MembersPort } from "./ports.ts";
import { revisionOf } from "./revision.ts";
import type { RequestContext } from "./use-cases.ts";

const DIAL_TIMEOUT_MS = 3_000;
/** A peer that was dialled has joined when it stands in the roster; syncing takes a moment. */
const JOIN_TIMEOUT_MS = 10_000;

export interface NodeRegistryComponents {
  readonly network: Pick<Network, "self" | "dial">;
  readonly documents: Pick<Documents, "mesh">;
  readonly members: Pick<MembersPort, "has">;
  /** Whether a peer answers at an address that belongs to no mesh yet. */
  readonly isPending: (address: string) => Promise<boolean>;
  readonly events: EventsPort;
  readonly clock: Clock;
  /** Makes multiaddrs to dial from what a person typed. */
  readonly toMultiaddrs: (address: string) => Promise<readonly string[]>;
}

/** What somebody who admits a node wants it to be. */
export interface AdmissionWish {
  readonly name?: string | undefined;
  readonly labels?: Labels | undefined;
  /** What the node calls itself. */
  readonly ownName: string;
}

/** Changes of the roster that people ask for. */
export class NodeRegistry {
  readonly #components: NodeRegistryComponents;

  constructor(components: NodeRegistryComponents) {
    this.#components = components;
  }

  /** @throws MeshError NOT_FOUND */
  get(id: NodeId): NodeRecord {
    return this.#required(this.#nodes.get(id), id);
  }

  /**
   * Enters a machine in the roster that runs no peer. Where a member answers at the address, it is that one.
   *
   * @returns its record, and whether it is new
   * @throws MeshError ALREADY_EXISTS when another node has the name, FAILED_PRECONDITION when a peer answers that has
   *   to be approved, UNAVAILABLE when a member answered and is not in the roster in time
   */
  async register(
    registration: NodeRegistration,
    context: RequestContext,
  ): Promise<{ readonly record: NodeRecord; readonly created: boolean }> {
    const { name } = registration;
    if (name !== undefined) requireFreeName(this.#nodes.all(), name, undefined);
    const dialled = await this.#dial(registration.address);
    if (dialled !== undefined) return this.#adopt(dialled, registration, context);
    if (await this.#components.isPending(registration.address)) {
      throw new MeshError(
        "FAILED_PRECONDITION",
        "A peer answers at that address that belongs to no mesh yet: approve it under the pending nodes",
      );
    }
    const outcome = await this.#documents.transact((transaction) =>
      this.#recordMachine(transaction, registration),
    );
    if (outcome.created) {
      this.#components.events.emit("cluster.node.added", {
        node: outcome.record.id,
        data: { name: outcome.record.name, kind: outcome.record.kind },
        correlationId: context.correlationId,
      });
    }
    return outcome;
  }

  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION (revision), ALREADY_EXISTS (name) */
  async update(
    id: NodeId,
    update: NodeUpdate,
    ifMatch: string | undefined,
    context: RequestContext,
  ): Promise<NodeRecord> {
    const { record, changed } = await this.#documents.transact((transaction) => {
      const before = this.#required(transaction.get(nodesCollection, id), id);
      requireRevision(before, ifMatch);
      if (update.name !== undefined) requireFreeName(transaction.all(nodesCollection), update.name, id);
      const fields = changedFields(before, update);
      if (fields.length === 0) return { record: before, changed: fields };
      const after: NodeRecord = {
        ...before,
        name: update.name ?? before.name,
        labels: update.labels ?? before.labels,
        updatedAt: this.#time(),
      };
      transaction.put(nodesCollection, id, after);
      return { record: after, changed: fields };
    });
    if (changed.length > 0) {
      this.#components.events.emit("cluster.node.updated", {
        node: id,
        data: { name: record.name, changed },
        correlationId: context.correlationId,
      });
    }
    return record;
  }

  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when the revision is another one or the node is a member */
  async remove(id: NodeId, ifMatch: string | undefined, context: RequestContext): Promise<void> {
    const record = await this.#documents.transact((transaction) => {
      const before = this.#required(transaction.get(nodesCollection, id), id);
      requireRevision(before, ifMatch);
      if (before.kind === "peer") {
        throw new MeshError(
          "FAILED_PRECONDITION",
          `${before.name} belongs to the mesh: revoke it, or have it leave`,
        );
      }
      transaction.delete(nodesCollection, id);
      return before;
    });
    this.#tellRemoved(record, context);
  }

  /** Enters a member that was just admitted, before it does so itself: it shall be called what somebody wants it to be. */
  async admit(id: NodeId, wish: AdmissionWish): Promise<void> {
    await this.#documents.transact((transaction) => {
      const others = transaction.all(nodesCollection).filter((node) => node.id !== id);
      const before = transaction.get(nodesCollection, id);
      const taken = new Set(others.map(({ name }) => name));
      const wanted = wish.name ?? before?.name ?? toNodeName(wish.ownName);
      const time = this.#time();
      transaction.put(nodesCollection, id, {
        id,
        kind: "peer",
        name: uniqueNodeName(wanted, id, taken),
        labels: wish.labels ?? before?.labels ?? {},
        createdAt: before?.createdAt ?? time,
        updatedAt: time,
      });
    });
  }

  /** Takes out of the roster what is there of a node that belongs to the mesh no more; nothing there is no error. */
  async forget(id: NodeId, context: RequestContext): Promise<void> {
    const record = await this.#documents.transact((transaction) => {
      const before = transaction.get(nodesCollection, id);
      transaction.delete(nodesCollection, id);
      transaction.delete(announcementsCollection, id);
      return before;
    });
    if (record !== undefined) this.#tellRemoved(record, context);
  }

  #tellRemoved({ id, name }: NodeRecord, { correlationId }: RequestContext): void {
    this.#components.events.emit("cluster.node.removed", { node: id, data: { name }, correlationId });
  }

  #required(record: NodeRecord | undefined, id: NodeId): NodeRecord {
    if (record !== undefined && isListed(record, this.#components.members)) return record;
    throw new MeshError("NOT_FOUND", `There is no node ${id}`);
  }

  get #documents() {
    return this.#components.documents.mesh;
  }

  get #nodes(): Collection<NodeRecord> {
    return this.#documents.collection(nodesCollection);
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

  /** A machine that is in the roster already, by its address or its MAC address, is that node. */
  #recordMachine(transaction: Transaction, registration: NodeRegistration) {
    const { address, macAddress, labels } = registration;
    const all = transaction.all(nodesCollection);
    const host = hostOf(address);
    const existing = all.find(
      (node) =>
        (macAddress !== undefined && node.macAddress === macAddress) ||
        (node.address !== undefined && node.address === host),
    );
    if (existing !== undefined) return { record: existing, created: false };
    if (registration.name !== undefined) requireFreeName(all, registration.name, undefined);
    const id = `manual-${randomUUID()}`;
    const time = this.#time();
    const record: NodeRecord = {
      id,
      kind: "manual",
      name: registration.name ?? uniqueNodeName(toNodeName(host), id, new Set(all.map(({ name }) => name))),
      labels: labels ?? {},
      createdAt: time,
      updatedAt: time,
      address: host,
      ...(macAddress === undefined ? {} : { macAddress }),
    };
    transaction.put(nodesCollection, id, record);
    return { record, created: true };
  }

  #time(): string {
    return new Date(this.#components.clock.now()).toISOString();
  }
}

function requireFreeName(all: readonly NodeRecord[], name: string, except: NodeId | undefined): void {
  const holder = all.find((node) => node.name === name && node.id !== except);
  if (holder === undefined) return;
  throw new MeshError("ALREADY_EXISTS", `Another node is called ${name}`, {
    fields: [{ field: "name", message: "expected a name that no other node has" }],
  });
}

function changedFields(record: NodeRecord, update: NodeUpdate): string[] {
  const changed: string[] = [];
  if (update.name !== undefined && update.name !== record.name) changed.push("name");
  if (update.labels !== undefined && !isDeepStrictEqual(update.labels, record.labels)) changed.push("labels");
  return changed;
}

function pickDefined({ name, labels }: NodeRegistration): NodeUpdate {
  return { ...(name === undefined ? {} : { name }), ...(labels === undefined ? {} : { labels }) };
}

function requireRevision(record: NodeRecord, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== revisionOf(record)) {
    throw new MeshError("FAILED_PRECONDITION", `${record.name} has changed since you read it: read it again`);
  }
}
