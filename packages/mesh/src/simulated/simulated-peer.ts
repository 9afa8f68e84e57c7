import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import { INTRODUCTION_METHOD, notAllowed } from "../gate/doorway.ts";
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
import { checkRequest, notConnected, unlessCancelled } from "../request-calls.ts";
import { RequestHandlers } from "../request-handlers.ts";
import { IncomingRequests } from "./incoming-requests.ts";
import { Parcel, REQUEST_OVERHEAD_BYTES } from "./parcel.ts";
import type { PausableClock } from "./pausable-clock.ts";
import { PeerConnections } from "./peer-connections.ts";
import type { SimulatedCall, SimulatedConnection } from "./simulated-connection.ts";
import { shakeHands } from "./simulated-handshake.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

interface Components extends Partial<Trust> {
  readonly addressBook: AddressBook;
  readonly clock: PausableClock;
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
  readonly host: SimulatedHost;
  readonly clock: PausableClock;
  readonly trust: Trust;
  readonly connections: PeerConnections;
  readonly #addressBook: AddressBook;
  readonly #hub: SimulatedNetwork;
  readonly #handlers: RequestHandlers;
  readonly #incoming: IncomingRequests;
  readonly #events: Emitter<NetworkEvent>;
  readonly #topics = new Map<string, Emitter<GossipMessage>>();
  readonly #onError: (error: unknown) => void;
  #listening = false;
  #unsubscribe: Unsubscribe = () => {};

  constructor(components: Components, host: SimulatedHost) {
    const { addressBook, clock, hub, gate = openGate, introduction, fence } = components;
    this.self = host.id;
    this.address = host.address;
    this.host = host;
    this.clock = clock;
    this.#addressBook = addressBook;
    this.#hub = hub;
    this.trust = { gate, introduction, fence };
    this.connections = new PeerConnections({ ...this.trust, addressBook, clock, links: hub.links }, this);
    this.#handlers = new RequestHandlers(components);
    const requests = new GuardedRequests({ ...this.trust, clock, handlers: this.#handlers });
    this.#incoming = new IncomingRequests({ wire: hub.wire, requests });
    this.#onError = (error) => components.logger.error({ error }, "A listener of the network failed");
    this.#events = new Emitter(this.#onError);
  }

  /** How many requests of its own it has under way. */
  get requestsUnderWay(): number {
    return this.connections.all().reduce((sum, { calls }) => sum + calls.size, 0);
  }

  get listening(): boolean {
    return this.#listening;
  }

  async start(): Promise<void> {
    this.#listening = true;
    this.#unsubscribe = this.trust.gate.observe(() => {
      for (const { remote } of this.connections.all()) {
        if (!this.trust.gate.allows(remote.self)) void this.disconnect(remote.self);
      }
    });
    this.#events.emit({ kind: "addresses-changed", addresses: this.status().addresses });
  }

  async stop(): Promise<void> {
    this.#listening = false;
    this.#unsubscribe();
    for (const { remote } of this.connections.all()) await this.disconnect(remote.self);
  }

  async dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    const expected = "peer" in target ? target.peer : undefined;
    if (expected !== undefined && this.connections.of(expected)?.ready === true) {
      return { outcome: "connected", peer: expected };
    }
    if (!this.#listening) return { outcome: "unreachable", reason: "this peer is not started" };
    if (expected !== undefined && !this.trust.gate.allows(expected)) {
      return { outcome: "unreachable", reason: notAllowed(expected).message };
    }
    const addresses = "peer" in target ? this.#addressBook.addressesOf(target.peer) : target.addresses;
    for (const address of addresses) {
      const to = this.#hub.machineAt(address);
      if (to === this.host) return { outcome: "unreachable", reason: "that address is this peer's own" };
      if (to !== undefined) {
        const ends = { from: this, to, expected: expected ?? peerIn(address) };
        return shakeHands({ clock: this.clock, hub: this.#hub }, ends, timeoutMs);
      }
    }
    return { outcome: "unreachable", reason: "no address is known" };
  }

  async disconnect(peer: NodeId): Promise<void> {
    const connection = this.connections.of(peer);
    if (connection === undefined) return;
    this.hangUp(connection);
    this.#lose(connection);
  }

  /** Tells the other end of a connection that this one is closed. */
  hangUp({ remote, serials }: SimulatedConnection): void {
    this.#hub.wire.hangUp(this, remote, serials);
  }

  async request(
    peer: NodeId,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    checkRequest(method, payload, options.signal);
    const ready = this.connections.of(peer);
    if (ready?.ready === true) return this.#ask(ready, method, payload, options, false);
    const startedMs = this.clock.monotonic();
    const dialled = await unlessCancelled(this.dial({ peer }, options.timeoutMs), method, options.signal);
    const connection = this.connections.of(peer);
    if (connection?.ready !== true) throw notConnected(peer, dialled.reason ?? "it was lost at once");
    const timeoutMs = Math.max(0, options.timeoutMs - (this.clock.monotonic() - startedMs));
    return this.#ask(connection, method, payload, { ...options, timeoutMs }, false);
  }

  #ask(
    connection: SimulatedConnection,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
    reliable: boolean,
  ): Promise<Uint8Array> {
    const { remote } = connection;
    const { timeoutMs } = options;
    let call: SimulatedCall | undefined;
    return connection.calls.run(method, options, {
      send: (id) => {
        const sent: SimulatedCall = { connection, id, method, payload, timeoutMs, reliable };
        call = sent;
        const parcel = new Parcel({
          kind: "request",
          name: method,
          bytes: REQUEST_OVERHEAD_BYTES + method.length + payload.byteLength,
          lossy: !reliable,
          from: this.host,
          to: remote.host,
          target: remote,
          refuse: () => this.#lose(connection),
          deliver: () => remote.receiveRequest(sent),
        });
        this.#hub.wire.carry(this, parcel);
      },
      abandon: () => {
        if (call !== undefined) this.#abandon(call);
      },
    });
  }

  #abandon(call: SimulatedCall): void {
    const { remote } = call.connection;
    const ends = { from: this.host, to: remote.host, target: remote };
    const parcel = Parcel.control("cancel", ends, () => remote.receiveCancel(call), { lossy: true });
    this.#hub.wire.carry(this, parcel);
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
      connections: this.connections.status(),
    };
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_GOSSIP_BYTES) {
      throw new MeshError("RESOURCE_EXHAUSTED", `${payload.byteLength} bytes are too many to gossip`);
    }
    if (this.#listening) this.#hub.flood(this, topic, { from: this.self, payload });
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
    this.#topics.get(topic)?.emit(message);
  }

  /** Whether a message that a neighbour passes on is taken here, and passed on in turn. */
  hears(neighbour: SimulatedPeer, author: NodeId): boolean {
    const connection = this.connections.of(neighbour.self);
    const introduced = connection?.remote === neighbour && connection.doorway.open;
    return introduced && this.trust.gate.allows(neighbour.self) && this.trust.gate.allows(author);
  }

  /** Takes a connection that a dial made, of which this is one end. */
  openConnection(remote: SimulatedPeer, dialler: NodeId, serial: number): SimulatedConnection {
    const { connection, isNew, replaced } = this.connections.open(remote, dialler, serial);
    if (!isNew) return connection;
    if (replaced !== undefined) {
      this.#hub.closed(replaced);
      replaced.close();
    }
    this.#hub.opened(connection);
    if (this.trust.introduction === undefined) this.#beReady(connection);
    else this.#introduce(connection);
    return connection;
  }

  #introduce(connection: SimulatedConnection): void {
    const { self: peer } = connection.remote;
    connection.introduced = connection.doorway
      .pass((payload, timeoutMs) => this.#ask(connection, INTRODUCTION_METHOD, payload, { timeoutMs }, true))
      .then(() => this.#beReady(connection))
      .catch((error: unknown) => {
        if (this.connections.of(peer) === connection) void this.disconnect(peer);
        throw this.trust.gate.allows(peer) ? error : notAllowed(peer);
      });
    // Who dialled hears of the failure; nobody has to.
    connection.introduced.catch(() => undefined);
  }

  #beReady(connection: SimulatedConnection): void {
    const { self: peer, address } = connection.remote;
    connection.ready = true;
    this.connections.changed();
    if (connection.announced) return;
    connection.announced = true;
    this.#events.emit({ kind: "connected", peer, addresses: [address] });
  }

  /** @param serials of the dials that made it; a newer connection stays */
  loseConnectionTo(peer: NodeId, serials: readonly number[]): void {
    const connection = this.connections.of(peer);
    if (connection?.serials.some((serial) => serials.includes(serial)) === true) this.#lose(connection);
  }

  #lose(connection: SimulatedConnection): void {
    if (!this.connections.remove(connection)) return;
    this.#hub.closed(connection);
    connection.close();
    if (connection.announced) this.#events.emit({ kind: "disconnected", peer: connection.remote.self });
  }

  /** The process ends without a word. */
  die(): void {
    this.#listening = false;
    this.#unsubscribe();
    for (const connection of this.connections.all()) this.#hub.closed(connection);
    this.connections.clear();
  }

  receiveRequest(call: SimulatedCall): void {
    const { local: caller, serials } = call.connection;
    const connection = this.connections.of(caller.self);
    if (connection?.remote === caller && connection.serials.some((serial) => serials.includes(serial))) {
      void this.#incoming.answer(connection, call);
    } else {
      // As a kernel answers a packet of a connection that it does not know.
      this.#hub.wire.hangUp(this, caller, serials);
    }
  }

  receiveCancel(call: SimulatedCall): void {
    const connection = this.connections.of(call.connection.local.self);
    if (connection !== undefined) this.#incoming.cancel(connection, call);
  }
}

function peerIn(address: string): NodeId | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}
