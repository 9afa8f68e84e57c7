import { type Clock, Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import { Doorway, INTRODUCTION_METHOD, notAllowed } from "../gate/doorway.ts";
import { type Fence, type Introduction, openGate, type PeerGate } from "../gate/gate.ts";
import { GuardedRequests } from "../gate/guarded-requests.ts";
import {
  type DialResult,
  type DialTarget,
  type Gossip,
  type GossipMessage,
  MAX_GOSSIP_BYTES,
  type Network,
  type NetworkEvent,
  type NetworkInventory,
  type NetworkStatus,
  type RequestHandler,
  type RequestOptions,
} from "../network.ts";
import { cancelled, checkRequest, notConnected, unlessCancelled } from "../request-calls.ts";
import { type Call, RequestHandlers } from "../request-handlers.ts";
import { SimulatedConnection } from "./simulated-connection.ts";
import { shakeHands } from "./simulated-handshake.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

interface Components extends Partial<Trust> {
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hub: SimulatedNetwork;
}

/** Who is let in, and how. */
export interface Trust {
  readonly gate: PeerGate;
  readonly introduction: Introduction | undefined;
  readonly fence: Fence | undefined;
}

/** One process of a simulated network: the same ports as the real one, over the hub instead of sockets. */
export class SimulatedPeer implements Network, Gossip {
  readonly name = "network";
  readonly self: NodeId;
  readonly address: string;
  readonly #addressBook: AddressBook;
  readonly #clock: Clock;
  readonly #hub: SimulatedNetwork;
  readonly trust: Trust;
  readonly #handlers: RequestHandlers;
  readonly #requests: GuardedRequests;
  readonly #events: Emitter<NetworkEvent>;
  readonly #topics = new Map<string, Emitter<GossipMessage>>();
  readonly #connections = new Map<NodeId, SimulatedConnection>();
  readonly #onError: (error: unknown) => void;
  #listening = false;
  #unsubscribe: Unsubscribe = () => {};

  constructor(components: Components, self: NodeId, address: string) {
    this.self = self;
    this.address = address;
    this.#addressBook = components.addressBook;
    this.#clock = components.clock;
    this.#hub = components.hub;
    const { gate = openGate, introduction, fence } = components;
    this.trust = { gate, introduction, fence };
    this.#handlers = new RequestHandlers(components);
    this.#requests = new GuardedRequests({
      ...this.trust,
      clock: components.clock,
      handlers: this.#handlers,
    });
    this.#onError = (error) => components.logger.error({ error }, "A listener of the network failed");
    this.#events = new Emitter(this.#onError);
  }

  get listening(): boolean {
    return this.#listening;
  }

  async start(): Promise<void> {
    this.#listening = true;
    this.#unsubscribe = this.trust.gate.observe(() => {
      for (const peer of this.connectedPeers()) {
        if (!this.trust.gate.allows(peer)) void this.disconnect(peer);
      }
    });
    this.#events.emit({ kind: "addresses-changed", addresses: this.status().addresses });
  }

  async stop(): Promise<void> {
    this.#listening = false;
    this.#unsubscribe();
    for (const peer of this.connectedPeers()) await this.disconnect(peer);
  }

  async dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    const expected = "peer" in target ? target.peer : undefined;
    if (expected !== undefined && this.#connections.get(expected)?.ready === true) {
      return { outcome: "connected", peer: expected };
    }
    if (!this.#listening) return { outcome: "unreachable", reason: "this peer is not started" };
    if (expected !== undefined && !this.trust.gate.allows(expected)) {
      return { outcome: "unreachable", reason: notAllowed(expected).message };
    }
    const addresses = "peer" in target ? this.#addressBook.addressesOf(target.peer) : target.addresses;
    for (const address of addresses) {
      const machine = this.#hub.machineAt(address);
      if (machine === this.self) return { outcome: "unreachable", reason: "that address is this peer's own" };
      if (machine !== undefined) {
        const ends = { from: this, to: machine, expected: expected ?? peerIn(address) };
        return shakeHands({ clock: this.#clock, hub: this.#hub }, ends, timeoutMs);
      }
    }
    return { outcome: "unreachable", reason: "no address is known" };
  }

  async disconnect(peer: NodeId): Promise<void> {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#hub.send(this.self, peer, (there) => there.loseConnectionTo(this.self, this), "reliable");
    this.loseConnectionTo(peer, connection.remote);
  }

  async request(
    peer: NodeId,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    checkRequest(method, payload, options.signal);
    const startedMs = this.#clock.monotonic();
    const dialled = await unlessCancelled(this.dial({ peer }, options.timeoutMs), method, options.signal);
    const connection = this.#connections.get(peer);
    if (connection?.ready !== true) throw notConnected(peer, dialled.reason ?? "it was lost at once");
    const timeoutMs = Math.max(0, options.timeoutMs - (this.#clock.monotonic() - startedMs));
    return this.#ask(connection, method, payload, { ...options, timeoutMs }, "lossy");
  }

  #ask(
    { calls, remote: { self: peer } }: SimulatedConnection,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
    reliable: "reliable" | "lossy",
  ): Promise<Uint8Array> {
    return calls.run(method, options, {
      send: (id) => {
        const ask = (there: SimulatedPeer) =>
          there.#receiveRequest(this, id, { method, payload, timeoutMs: options.timeoutMs }, reliable);
        this.#hub.send(this.self, peer, ask, reliable);
        if (this.#hub.links.duplicates()) this.#hub.send(this.self, peer, ask, reliable);
      },
      abandon: (id) =>
        this.#hub.send(
          this.self,
          peer,
          (there) => there.#connections.get(this.self)?.answering.get(id)?.abort(cancelled(method)),
          "lossy",
        ),
    });
  }

  handle(method: string, handler: RequestHandler): Unsubscribe {
    return this.#handlers.add(method, handler);
  }

  observe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  status(): NetworkStatus {
    return {
      addresses: this.#listening ? [`${this.address}/p2p/${this.self}`] : [],
      connections: this.#readyConnections().map(({ remote, dialler, openedAtMs }) => ({
        peer: remote.self,
        address: remote.address,
        direction: dialler === this.self ? "outbound" : "inbound",
        roundTripMs: null,
        openedAtMs,
      })),
    };
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_GOSSIP_BYTES) {
      throw new MeshError("RESOURCE_EXHAUSTED", `${payload.byteLength} bytes are too many to gossip`);
    }
    if (this.#listening) this.#hub.flood(topic, { from: this.self, payload });
  }

  subscribe(topic: string, listener: (message: GossipMessage) => void): Unsubscribe {
    const emitter = this.#topics.get(topic) ?? new Emitter(this.#onError);
    this.#topics.set(topic, emitter);
    return emitter.on(listener);
  }

  inventory(): NetworkInventory {
    const protocols = this.#listening ? ["request", "gossip"] : [];
    return { methods: this.#handlers.methods(), topics: [...this.#topics.keys()].sort(), protocols };
  }

  receiveGossip(topic: string, message: GossipMessage): void {
    if (this.trust.gate.allows(message.from)) this.#topics.get(topic)?.emit(message);
  }

  /** Whether a message that a neighbour passes on is taken here, and passed on in turn. */
  hears(neighbour: NodeId, author: NodeId): boolean {
    const { gate } = this.trust;
    const introduced = this.#connections.get(neighbour)?.doorway.open === true;
    return introduced && gate.allows(neighbour) && gate.allows(author);
  }

  /** All connections, also those that have not been introduced. */
  connectedPeers(): readonly NodeId[] {
    return [...this.#connections.keys()];
  }

  /** Those to whom gossip goes. */
  audience(): readonly NodeId[] {
    return this.#readyConnections().map(({ remote }) => remote.self);
  }

  #readyConnections(): readonly SimulatedConnection[] {
    return [...this.#connections.values()].filter(({ ready }) => ready);
  }

  openConnection(remote: SimulatedPeer, dialler: NodeId): SimulatedConnection {
    const previous = this.#connections.get(remote.self);
    if (previous?.remote === remote) {
      // Both dialled at once: both ends keep the connection that the lower id dialled.
      if (previous.dialler >= dialler) {
        previous.dialler = dialler;
        previous.openedAtMs = this.#clock.now();
      }
      return previous;
    }
    const doorway = new Doorway({ ...this.trust, clock: this.#clock }, remote.self);
    const connection = new SimulatedConnection({ clock: this.#clock }, { remote, dialler, doorway });
    this.#connections.set(remote.self, connection);
    this.#addressBook.add(remote.self, [remote.address]);
    previous?.close();
    const known = previous?.ready === true;
    if (this.trust.introduction === undefined) this.#beReady(connection, known);
    else this.#introduce(connection, known);
    return connection;
  }

  #introduce(connection: SimulatedConnection, known: boolean): void {
    const { self: peer } = connection.remote;
    connection.introduced = connection.doorway
      .pass((payload, timeoutMs) =>
        this.#ask(connection, INTRODUCTION_METHOD, payload, { timeoutMs }, "reliable"),
      )
      .then(() => this.#beReady(connection, known))
      .catch((error: unknown) => {
        if (this.#connections.get(peer) === connection) void this.disconnect(peer);
        throw this.trust.gate.allows(peer) ? error : notAllowed(peer);
      });
    // Who dialled hears of the failure; nobody has to.
    connection.introduced.catch(() => undefined);
  }

  /** @param known whether what is above the network knows the peer from a connection before this one */
  #beReady(connection: SimulatedConnection, known: boolean): void {
    const { self: peer, address } = connection.remote;
    connection.ready = true;
    if (!known) this.#events.emit({ kind: "connected", peer, addresses: [address] });
  }

  /** @param remote the process that it led to; a newer connection, to another one, stays */
  loseConnectionTo(peer: NodeId, remote: SimulatedPeer): void {
    const connection = this.#connections.get(peer);
    if (connection?.remote !== remote) return;
    this.#connections.delete(peer);
    connection.close();
    if (connection.ready) this.#events.emit({ kind: "disconnected", peer });
  }

  /** The process ends without a word. */
  die(): void {
    this.#listening = false;
    this.#unsubscribe();
    this.#connections.clear();
  }

  #receiveRequest(
    caller: SimulatedPeer,
    id: number,
    call: Omit<Call, "from" | "signal">,
    reliable: "reliable" | "lossy",
  ): void {
    const connection = this.#connections.get(caller.self);
    if (connection === undefined) {
      // As a kernel answers a packet of a connection that it does not know.
      this.#hub.send(this.self, caller.self, (there) => there.loseConnectionTo(this.self, this), "reliable");
      return;
    }
    void this.#answer(connection, id, call, reliable);
  }

  async #answer(
    connection: SimulatedConnection,
    id: number,
    call: Omit<Call, "from" | "signal">,
    reliable: "reliable" | "lossy",
  ): Promise<void> {
    const { self: from } = connection.remote;
    const cancel = new AbortController();
    connection.answering.set(id, cancel);
    const signal = AbortSignal.any([connection.closed.signal, cancel.signal]);
    const answer = await this.#requests.answer({ ...call, from, signal }, connection.doorway);
    if (connection.answering.get(id) === cancel) connection.answering.delete(id);
    if (!this.#listening) return;
    this.#hub.send(
      this.self,
      from,
      (there) => there.#connections.get(this.self)?.calls.settle(id, answer),
      reliable,
    );
  }
}

function peerIn(address: string): NodeId | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}
