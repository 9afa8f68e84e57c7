import { isDeepStrictEqual } from "node:util";
import type { Documents, Transaction } from "@pi-controller/document";
import type { Network } from "@pi-controller/mesh";
import type { Clock, Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import { sleep } from "@pi-controller/runtime";
import type { Announcement, Board, NodeRecord } from "@pi-controller/schema";
import { announcementsCollection, boardsCollection, nodesCollection } from "./collections.ts";
import { addressesForOthers, hostOf, isLoopbackHost } from "./host-address.ts";
import { uniqueNodeName } from "./node-names.ts";
import type { EventsPort } from "./ports.ts";

/**
 * How long a peer that is new waits for the roster of others before it adds itself, so that it does not
 * take a name that is in use. On a LAN the others are found sooner; should it be too short, the later one
 * gives way in name.
 */
const WAIT_FOR_ROSTER_MS = 1_500;

/** No peer existed before: a Pi without a battery starts in 1970, and would be senior to all. */
const EARLIEST_TIME = "2025";

export interface SelfRegistrationComponents {
  readonly network: Pick<Network, "self" | "status" | "observe">;
  readonly documents: Pick<Documents, "mesh" | "own" | "synced">;
  readonly events: EventsPort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly board: () => Promise<Board>;
}

export interface SelfRegistrationOptions {
  /** The name to take when the roster has none for this node yet. */
  readonly name: string;
  readonly version: string;
  readonly bootEpoch: number;
  /** Whether the mesh is known to have no other member, so that there is nobody to wait for. */
  readonly isAlone?: () => boolean;
  /** Where this peer's API answers; asked again whenever addresses change. */
  readonly apiUrls: () => readonly string[];
}

type OwnChange =
  | { readonly kind: "added"; readonly record: NodeRecord }
  | { readonly kind: "renamed"; readonly record: NodeRecord; readonly previous: string };

/** Keeps what the documents say of this very node true: its roster entry, its announcement and its board. */
export class SelfRegistration implements Service {
  readonly name = "self-registration";
  readonly #components: SelfRegistrationComponents;
  readonly #options: SelfRegistrationOptions;
  readonly #unsubscribe: Unsubscribe[] = [];
  readonly #stopped = new AbortController();
  readonly #whenStopped = Promise.withResolvers<void>();
  #work: Promise<void> = Promise.resolve();
  /** True while a correction waits for its turn: one is enough, whatever changes until then. */
  #isScheduled = false;

  constructor(components: SelfRegistrationComponents, options: SelfRegistrationOptions) {
    this.#components = components;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { network, documents } = this.#components;
    const nodes = documents.mesh.collection(nodesCollection);
    this.#unsubscribe.push(
      nodes.observe(() => this.#schedule()),
      network.observe((event) => {
        if (event.kind === "addresses-changed") this.#schedule();
      }),
    );
    this.#enqueue(() => this.#publishBoard());
    const isKnown = nodes.get(network.self) !== undefined;
    if (!isKnown && this.#options.isAlone?.() !== true) this.#enqueue(() => this.#waitForRoster());
    this.#schedule();
    this.#enqueue(async () => this.#tellStarted());
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#stopped.abort();
    this.#whenStopped.resolve();
    await this.#work;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#enqueue(() => {
      this.#isScheduled = false;
      return this.#correct();
    });
  }

  /** One thing at a time: two corrections under way would both see the record missing. */
  #enqueue(task: () => Promise<void>): void {
    const { signal } = this.#stopped;
    this.#work = this.#work.then(() => {
      if (signal.aborted) return undefined;
      const done = task().catch((error: unknown) => {
        if (signal.aborted) return;
        this.#components.logger.error({ err: error }, "This node's own entry could not be written");
      });
      // A peer may have to wait long before its first write, and must not stop as late as that.
      return Promise.race([done, this.#whenStopped.promise]);
    });
  }

  async #waitForRoster(): Promise<void> {
    const { documents, clock } = this.#components;
    const waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, this.#stopped.signal]);
    await Promise.race([
      documents.synced,
      sleep(clock, WAIT_FOR_ROSTER_MS, signal).catch(() => {
        // Either the roster came first, or the peer stops: nothing more to wait for.
      }),
    ]);
    waiting.abort();
  }

  #tellStarted(): void {
    const { network, events } = this.#components;
    const { version, bootEpoch } = this.#options;
    events.emit("cluster.node.started", {
      node: network.self,
      data: { name: this.#ownRecord()?.name ?? this.#options.name, version, bootEpoch },
    });
  }

  #ownRecord(): NodeRecord | undefined {
    const { documents, network } = this.#components;
    return documents.mesh.collection(nodesCollection).get(network.self);
  }

  async #correct(): Promise<void> {
    const { documents, events, logger } = this.#components;
    const change = await documents.mesh.transact((transaction) => this.#correctRecord(transaction));
    if (change?.kind === "added") {
      const { id, name, kind } = change.record;
      logger.info({ node: id, nodeName: name }, "This node is in the roster now");
      events.emit("cluster.node.added", { node: id, data: { name, kind } });
    } else if (change?.kind === "renamed") {
      const { id, name } = change.record;
      logger.warn(
        { nodeName: name, previous: change.previous },
        "Another node has this name: took a new one",
      );
      events.emit("cluster.node.updated", { node: id, data: { name, changed: ["name"] } });
    }
    await this.#announce();
  }

  #correctRecord(transaction: Transaction): OwnChange | undefined {
    const others = transaction.all(nodesCollection);
    const own = transaction.get(nodesCollection, this.#components.network.self);
    return own === undefined
      ? this.#register(transaction, others)
      : this.#giveWayInName(transaction, own, others);
  }

  #register(transaction: Transaction, others: readonly NodeRecord[]): OwnChange {
    const { network } = this.#components;
    const foretold = others.find((node) => node.kind === "manual" && this.#isHere(node.address));
    const taken = new Set(others.filter((node) => node !== foretold).map((node) => node.name));
    const time = this.#time();
    const record: NodeRecord = {
      id: network.self,
      kind: "peer",
      name: uniqueNodeName(foretold?.name ?? this.#options.name, network.self, taken),
      labels: foretold?.labels ?? {},
      createdAt: time,
      updatedAt: time,
    };
    transaction.put(nodesCollection, record.id, record);
    // A machine found twice is one node: the one that was registered by hand is this one.
    if (foretold !== undefined) transaction.delete(nodesCollection, foretold.id);
    return { kind: "added", record };
  }

  #isHere(address: string | undefined): boolean {
    if (address === undefined) return false;
    const hosts = this.#components.network.status().addresses.map(hostOf);
    return hosts.includes(hostOf(address)) && !isLoopbackHost(hostOf(address));
  }

  /**
   * Two sides of a partition may give one name twice. The later of the two takes another name; each node
   * decides that for itself alone.
   */
  #giveWayInName(
    transaction: Transaction,
    own: NodeRecord,
    all: readonly NodeRecord[],
  ): OwnChange | undefined {
    const others = all.filter((node) => node.id !== own.id);
    const holder = others.find((node) => node.name === own.name);
    if (holder === undefined || seniority(own) < seniority(holder)) return undefined;
    const name = uniqueNodeName(own.name, own.id, new Set(others.map((node) => node.name)));
    const record = { ...own, name, updatedAt: this.#time() };
    transaction.put(nodesCollection, own.id, record);
    return { kind: "renamed", record, previous: own.name };
  }

  #time(): string {
    return new Date(this.#components.clock.now()).toISOString();
  }

  async #announce(): Promise<void> {
    const { documents, network } = this.#components;
    const announcements = documents.mesh.collection(announcementsCollection);
    const announcement: Announcement = {
      id: network.self,
      addresses: addressesForOthers(network.status().addresses),
      version: this.#options.version,
      apiUrls: [...this.#options.apiUrls()],
    };
    if (isDeepStrictEqual(announcements.get(network.self), announcement)) return;
    await announcements.put(network.self, announcement);
  }

  async #publishBoard(): Promise<void> {
    const { documents, network, clock } = this.#components;
    const board = await this.#components.board();
    const boards = documents.own.collection(boardsCollection);
    if (isDeepStrictEqual(boards.get(network.self)?.board, board)) return;
    await boards.put(network.self, {
      id: network.self,
      board,
      detectedAt: new Date(clock.now()).toISOString(),
    });
  }
}

/** Sorts by age in the roster, those whose clock was not set behind all others; the id decides between equals. */
function seniority(node: NodeRecord): string {
  const isClockSet = node.createdAt >= EARLIEST_TIME;
  return `${isClockSet ? 0 : 1} ${node.createdAt} ${node.id}`;
}
