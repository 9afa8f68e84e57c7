import type { Clock, Logger, Random, Service, Timer, Unsubscribe } from "@pi-controller/runtime";
import { pick } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import type { PeerGate } from "../gate/gate.ts";
import type { DiscoveredPeer, Discovery, Network, NetworkEvent } from "../network.ts";
import { firstRedial, nextRedial, type Redial } from "./dial-schedule.ts";
import { JoinLoop, type LookUpHost, lookUpHost } from "./join-loop.ts";
import { neighbours } from "./neighbours.ts";
import { connectionsToTrim } from "./trim.ts";

interface Components {
  readonly network: Network;
  /** Whom to dial at all, whoever announces himself or stands in the roster. */
  readonly gate: PeerGate;
  readonly discovery?: Discovery;
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ids of the peers in the roster, whether dead or alive. */
  readonly members: () => readonly NodeId[];
  /** The system's resolver, when left out. */
  readonly lookUpHost?: LookUpHost;
}

interface Options {
  /** Where to find the mesh: multiaddrs, or hosts with or without port. */
  readonly join?: readonly string[];
  /** Connections to others than neighbours are closed beyond this many; 64 when left out. */
  readonly maxConnections?: number;
}

const DIAL_TIMEOUT_MS = 3_000;
const MAX_DIALS_AT_A_TIME = 8;
/** How long a peer that was discovered and is in no roster is dialled. */
const DISCOVERED_LIFETIME_MS = 60_000;
const MAX_DISCOVERED = 1_000;
/** A peer that announces itself is dialled anew at most this often. */
const REDISCOVERY_INTERVAL_MS = 2_000;
const SPARE_LIFETIME_MS = 60_000;
/** A connection that lasted so long was a good one. */
const STABLE_MS = 10_000;
const NEVER_FAILED: Redial = { failures: 0, dueMs: 0 };
/** Members that stand in for neighbours and are dialled at a time. */
const MAX_STAND_INS = 4;
const MIN_PASS_DELAY_MS = 20;
const MAX_PASS_DELAY_MS = 2_000;

/**
 * Keeps this peer connected: to its neighbours in the roster, again and again; to those that discovery finds;
 * to where the operator said. Only to peers that the gate lets pass. libp2p itself dials nobody.
 */
export class Connector implements Service {
  readonly name = "connector";
  readonly #components: Components;
  readonly #self: NodeId;
  readonly #joins: readonly JoinLoop[];
  readonly #maxConnections: number;
  readonly #connected = new Map<NodeId, number>();
  readonly #redials = new Map<NodeId, Redial>();
  readonly #dialling = new Set<NodeId>();
  /** Peers whose connections end soon after they begin. */
  readonly #unstable = new Map<NodeId, Redial>();
  /** When each was heard of last. */
  readonly #discovered = new Map<NodeId, number>();
  /** Those that the gate lets pass. */
  #members: readonly NodeId[] = [];
  #memberSet: ReadonlySet<NodeId> = new Set();
  #neighbours: ReadonlySet<NodeId> = new Set();
  #subscriptions: Unsubscribe[] = [];
  #timer: Timer | undefined;
  #running: AbortController | undefined;

  /** @throws MeshError INVALID_ARGUMENT when a place to join at is none */
  constructor(components: Components, options: Options = {}) {
    this.#components = components;
    this.#self = components.network.self;
    this.#maxConnections = options.maxConnections ?? 64;
    const isMember = (peer: NodeId) => components.gate.allows(peer) && components.members().includes(peer);
    this.#joins = (options.join ?? []).map(
      (target) => new JoinLoop({ lookUpHost, ...components }, target, isMember),
    );
  }

  async start(): Promise<void> {
    const { discovery, gate, logger, network } = this.#components;
    const running = new AbortController();
    this.#running = running;
    this.#subscriptions = [
      network.observe((event) => this.#onNetworkEvent(event)),
      gate.observe(() => this.#onGateChanged()),
    ];
    if (discovery !== undefined) {
      this.#subscriptions.push(discovery.observe((peer) => this.#onDiscovered(peer)));
      discovery.announce(network.status().addresses);
    }
    const nowMs = this.#components.clock.monotonic();
    for (const { peer } of network.status().connections) this.#connected.set(peer, nowMs);
    for (const join of this.#joins) {
      join
        .run(running.signal)
        .catch((error: unknown) => logger.error({ error }, "Joining the mesh was given up"));
    }
    this.#passIn(0);
  }

  async stop(): Promise<void> {
    this.#running?.abort(new Error("stopped"));
    this.#running = undefined;
    this.#timer?.cancel();
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    this.#connected.clear();
    this.#redials.clear();
    this.#discovered.clear();
  }

  /** Whether this peer should be connected with another one: as its neighbour, in the place of one, or to get to know it. */
  isNeeded(peer: NodeId): boolean {
    if (this.#neighbours.has(peer) || !this.#memberSet.has(peer)) return true;
    const others = this.#connected.size - Number(this.#connected.has(peer));
    return others < this.#neighbours.size;
  }

  #onNetworkEvent(event: NetworkEvent): void {
    switch (event.kind) {
      case "connected":
        this.#connected.set(event.peer, this.#components.clock.monotonic());
        this.#redials.delete(event.peer);
        break;
      case "disconnected":
        this.#onDisconnected(event.peer);
        break;
      case "addresses-changed":
        this.#components.discovery?.announce(event.addresses);
        break;
    }
  }

  #onDisconnected(peer: NodeId): void {
    const nowMs = this.#components.clock.monotonic();
    const connectedMs = this.#connected.get(peer) ?? Number.NEGATIVE_INFINITY;
    this.#connected.delete(peer);
    if (nowMs - connectedMs >= STABLE_MS) this.#unstable.delete(peer);
    else {
      // Somebody closes what we open: dialling at once would go round in circles.
      const redial = nextRedial(this.#unstable.get(peer) ?? NEVER_FAILED, nowMs, this.#components.random);
      this.#unstable.set(peer, redial);
      this.#redials.set(peer, redial);
    }
    this.#passIn(0);
  }

  #onDiscovered({ peer, addresses }: DiscoveredPeer): void {
    if (peer === this.#self || !this.#components.gate.allows(peer)) return;
    const nowMs = this.#components.clock.monotonic();
    this.#components.addressBook.add(peer, addresses);
    const heardMs = this.#discovered.get(peer) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - heardMs < REDISCOVERY_INTERVAL_MS) return;
    if (this.#discovered.size >= MAX_DISCOVERED && !this.#discovered.has(peer)) return;
    this.#discovered.set(peer, nowMs);
    if (this.#connected.has(peer)) return;
    // It is there just now: whatever failed before counts no more.
    this.#redials.delete(peer);
    this.#passIn(0);
  }

  /** Whoever was let pass and no longer is, is forgotten. */
  #onGateChanged(): void {
    const { addressBook, gate } = this.#components;
    for (const peer of [...this.#members, ...this.#discovered.keys(), ...this.#connected.keys()]) {
      if (gate.allows(peer)) continue;
      addressBook.remove(peer);
      this.#discovered.delete(peer);
      this.#redials.delete(peer);
      this.#unstable.delete(peer);
    }
    this.#passIn(0);
  }

  #passIn(delayMs: number): void {
    if (this.#running === undefined) return;
    this.#timer?.cancel();
    this.#timer = this.#components.clock.setTimer(() => this.#pass(), Math.max(delayMs, MIN_PASS_DELAY_MS));
  }

  /** Looks at everything once: what to dial, what to close, when to look again. */
  #pass(): void {
    const nowMs = this.#components.clock.monotonic();
    this.#readMembers();
    this.#schedule(nowMs);
    const due = [...this.#redials]
      .filter(([peer, { dueMs }]) => dueMs <= nowMs && !this.#dialling.has(peer))
      .sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [peer] of due.slice(0, MAX_DIALS_AT_A_TIME - this.#dialling.size)) void this.#dial(peer);
    this.#trim(nowMs);
    const nextMs = Math.min(
      ...[...this.#redials.values()].map(({ dueMs }) => dueMs),
      nowMs + MAX_PASS_DELAY_MS,
    );
    // What is due and finds no free place waits for a dial to end, which passes again.
    this.#passIn(nextMs > nowMs ? nextMs - nowMs : MAX_PASS_DELAY_MS);
  }

  #readMembers(): void {
    const { gate } = this.#components;
    const members = this.#components.members().filter((peer) => gate.allows(peer));
    const isSame =
      members.length === this.#members.length &&
      members.every((member, index) => member === this.#members[index]);
    if (isSame) return;
    this.#members = members;
    this.#memberSet = new Set(members);
    this.#neighbours = neighbours(this.#self, members);
  }

  /** Gives each peer that should be connected and is not its next dial, and forgets the others. */
  #schedule(nowMs: number): void {
    for (const [peer, heardMs] of this.#discovered) {
      if (nowMs - heardMs > DISCOVERED_LIFETIME_MS) this.#discovered.delete(peer);
    }
    // A member that is found need not be connected to unless it is a neighbour.
    const strangers = [...this.#discovered.keys()].filter((peer) => !this.#memberSet.has(peer));
    const wanted = new Set([...this.#neighbours, ...strangers, ...this.#standIns()]);
    for (const peer of this.#redials.keys()) {
      if (!wanted.has(peer) || this.#connected.has(peer)) this.#redials.delete(peer);
    }
    for (const peer of this.#unstable.keys()) if (!wanted.has(peer)) this.#unstable.delete(peer);
    for (const peer of wanted) {
      if (this.#connected.has(peer) || this.#redials.has(peer) || this.#dialling.has(peer)) continue;
      this.#redials.set(peer, firstRedial(this.#self, peer, nowMs, this.#components.random));
    }
  }

  /**
   * A few members more, taken at random, while fewer are connected than should be neighbours: when most of a
   * large roster is switched off, those that are left may be nobody's neighbours.
   */
  #standIns(): NodeId[] {
    if (this.#connected.size >= this.#neighbours.size) return [];
    const isSpare = (peer: NodeId) =>
      peer !== this.#self && !this.#neighbours.has(peer) && !this.#connected.has(peer);
    const standIns = [...this.#redials.keys()].filter((peer) => this.#memberSet.has(peer) && isSpare(peer));
    const candidate = pick(this.#components.random, this.#members);
    if (candidate !== undefined && isSpare(candidate) && standIns.length < MAX_STAND_INS)
      standIns.push(candidate);
    return standIns;
  }

  async #dial(peer: NodeId): Promise<void> {
    const { clock, logger, network, random } = this.#components;
    this.#dialling.add(peer);
    const result = await network.dial({ peer }, DIAL_TIMEOUT_MS);
    this.#dialling.delete(peer);
    const redial = this.#redials.get(peer);
    if (result.outcome === "connected") this.#redials.delete(peer);
    else if (redial !== undefined) {
      if (redial.failures === 0) logger.info({ peer, ...result }, "A peer cannot be reached; trying again");
      // One that only stands in makes room for the next.
      if (this.#neighbours.has(peer) || this.#discovered.has(peer)) {
        this.#redials.set(peer, nextRedial(redial, clock.monotonic(), random));
      } else this.#redials.delete(peer);
    }
    this.#passIn(0);
  }

  #trim(nowMs: number): void {
    const { logger, network } = this.#components;
    const connections = [...this.#connected].map(([peer, connectedMs]) => ({ peer, connectedMs }));
    const limits = { maxConnections: this.#maxConnections, spareLifetimeMs: SPARE_LIFETIME_MS };
    for (const peer of connectionsToTrim(connections, this.#neighbours, limits, nowMs)) {
      logger.debug({ peer }, "Closing a connection that is not needed");
      // Counts as closed from now on, so that the next pass does not close it again.
      this.#connected.delete(peer);
      this.#discovered.delete(peer);
      network
        .disconnect(peer)
        .catch((error: unknown) => logger.debug({ peer, error }, "A connection could not be closed"));
    }
  }
}
