import { type Clock, Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import {
  type DialResult,
  type DialTarget,
  type Gossip,
  type GossipMessage,
  MAX_GOSSIP_BYTES,
  type Network,
  type NetworkEvent,
  type NetworkStatus,
  type RequestHandler,
  type RequestOptions,
} from "../network.ts";
import { cancelled, checkRequest, notConnected, RequestCalls } from "../request-calls.ts";
import { type Call, RequestHandlers } from "../request-handlers.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** One connection as one of its two ends sees it. */
interface Connection {
  readonly remote: SimulatedPeer;
  readonly dialler: NodeId;
  readonly openedAtMs: number;
  readonly calls: RequestCalls;
  /** Aborts the requests being answered when the connection is lost. */
  readonly closed: AbortController;
  /** The requests being answered, by the caller's id. */
  readonly answering: Map<number, AbortController>;
}

/** One process of a simulated network: the same ports as the real one, over the hub instead of sockets. */
export class SimulatedPeer implements Network, Gossip {
  readonly name = "network";
  readonly self: NodeId;
  readonly address: string;
  readonly #addressBook: AddressBook;
  readonly #clock: Clock;
  readonly #hub: SimulatedNetwork;
  readonly #handlers: RequestHandlers;
  readonly #events: Emitter<NetworkEvent>;
  readonly #topics = new Map<string, Emitter<GossipMessage>>();
  readonly #connections = new Map<NodeId, Connection>();
  readonly #onError: (error: unknown) => void;
  #listening = false;

  constructor(
    components: { addressBook: AddressBook; clock: Clock; logger: Logger; hub: SimulatedNetwork },
    self: NodeId,
    address: string,
  ) {
    this.self = self;
    this.address = address;
    this.#addressBook = components.addressBook;
    this.#clock = components.clock;
    this.#hub = components.hub;
    this.#handlers = new RequestHandlers(components);
    this.#onError = (error) => components.logger.error({ error }, "A listener of the network failed");
    this.#events = new Emitter(this.#onError);
  }

  get listening(): boolean {
    return this.#listening;
  }

  async start(): Promise<void> {
    this.#listening = true;
    this.#events.emit({ kind: "addresses-changed", addresses: this.status().addresses });
  }

  async stop(): Promise<void> {
    this.#listening = false;
    for (const peer of this.connectedPeers()) await this.disconnect(peer);
  }

  async dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    const expected = "peer" in target ? target.peer : undefined;
    if (expected !== undefined && this.#connections.has(expected)) {
      return { outcome: "connected", peer: expected };
    }
    if (!this.#listening) return { outcome: "unreachable", reason: "this peer is not started" };
    const addresses = "peer" in target ? this.#addressBook.addressesOf(target.peer) : target.addresses;
    for (const address of addresses) {
      const machine = this.#hub.machineAt(address);
      if (machine === this.self) return { outcome: "unreachable", reason: "that address is this peer's own" };
      if (machine !== undefined) {
        return this.#dialMachine(machine, expected ?? peerIn(address) ?? machine, timeoutMs);
      }
    }
    return { outcome: "unreachable", reason: "no address is known" };
  }

  #dialMachine(to: NodeId, expected: NodeId, timeoutMs: number): Promise<DialResult> {
    return new Promise((resolve) => {
      let settled = false;
      const settle = (result: DialResult) => {
        if (settled) return;
        settled = true;
        timer.cancel();
        resolve(result);
      };
      const timer = this.#clock.setTimer(
        () => settle({ outcome: "unreachable", reason: `no answer within ${timeoutMs} ms` }),
        timeoutMs,
      );
      const answer = (result: DialResult) => this.#hub.send(to, this.self, () => settle(result), "reliable");
      const shakeHands = (remote: SimulatedPeer) => {
        if (remote.self !== expected) {
          answer({ outcome: "unreachable", reason: "another peer answers there" });
          return;
        }
        remote.openConnection(this, this.self);
        const finish = () => {
          if (settled || !this.#listening) {
            this.#hub.send(this.self, to, (there) => there.loseConnectionTo(this.self, this), "reliable");
            return;
          }
          this.openConnection(remote, this.self);
          settle({ outcome: "connected", peer: to });
        };
        this.#hub.send(to, this.self, finish, "reliable");
      };
      this.#hub.toMachine(
        this.self,
        to,
        () => {
          if (this.#hub.listens(to)) this.#hub.send(this.self, to, shakeHands, "reliable");
          else answer({ outcome: "refused", peer: to, reason: "connection refused" });
        },
        "reliable",
      );
    });
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
    const dialled = await this.dial({ peer }, options.timeoutMs);
    if (options.signal?.aborted) throw cancelled(method);
    const connection = this.#connections.get(peer);
    if (connection === undefined) throw notConnected(peer, dialled.reason ?? "it was lost at once");
    const timeoutMs = Math.max(0, options.timeoutMs - (this.#clock.monotonic() - startedMs));
    return connection.calls.run(
      method,
      { ...options, timeoutMs },
      {
        send: (id) => {
          const ask = (there: SimulatedPeer) =>
            there.#receiveRequest(this, id, { method, payload, timeoutMs });
          this.#hub.send(this.self, peer, ask, "lossy");
          if (this.#hub.links.duplicates()) this.#hub.send(this.self, peer, ask, "lossy");
        },
        abandon: (id) =>
          this.#hub.send(
            this.self,
            peer,
            (there) => there.#connections.get(this.self)?.answering.get(id)?.abort(cancelled(method)),
            "lossy",
          ),
      },
    );
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
      connections: [...this.#connections].map(([peer, { remote, dialler, openedAtMs }]) => ({
        peer,
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

  receiveGossip(topic: string, message: GossipMessage): void {
    this.#topics.get(topic)?.emit(message);
  }

  connectedPeers(): readonly NodeId[] {
    return [...this.#connections.keys()];
  }

  openConnection(remote: SimulatedPeer, dialler: NodeId): void {
    const previous = this.#connections.get(remote.self);
    // Both dialled at once: both ends keep the connection that the lower id dialled.
    if (previous?.remote === remote && previous.dialler < dialler) return;
    this.#connections.set(remote.self, {
      remote,
      dialler,
      openedAtMs: this.#clock.now(),
      calls: previous?.calls ?? new RequestCalls({ clock: this.#clock }),
      closed: new AbortController(),
      answering: new Map(),
    });
    this.#addressBook.add(remote.self, [remote.address]);
    if (previous === undefined) {
      this.#events.emit({ kind: "connected", peer: remote.self, addresses: [remote.address] });
    }
  }

  /** @param remote the process that it led to; a newer connection, to another one, stays */
  loseConnectionTo(peer: NodeId, remote: SimulatedPeer): void {
    const connection = this.#connections.get(peer);
    if (connection?.remote !== remote) return;
    this.#connections.delete(peer);
    connection.calls.failAll(notConnected(peer, "it was lost"));
    connection.closed.abort(notConnected(peer, "it was lost"));
    this.#events.emit({ kind: "disconnected", peer });
  }

  /** The process ends without a word. */
  die(): void {
    this.#listening = false;
    this.#connections.clear();
  }

  #receiveRequest(caller: SimulatedPeer, id: number, call: Omit<Call, "from" | "signal">): void {
    const connection = this.#connections.get(caller.self);
    if (connection === undefined) {
      // As a kernel answers a packet of a connection that it does not know.
      this.#hub.send(this.self, caller.self, (there) => there.loseConnectionTo(this.self, this), "reliable");
      return;
    }
    void this.#answer(connection, caller.self, id, call);
  }

  async #answer(
    connection: Connection,
    from: NodeId,
    id: number,
    call: Omit<Call, "from" | "signal">,
  ): Promise<void> {
    const cancel = new AbortController();
    connection.answering.set(id, cancel);
    const signal = AbortSignal.any([connection.closed.signal, cancel.signal]);
    const answer = await this.#handlers.answer({ ...call, from, signal });
    if (connection.answering.get(id) === cancel) connection.answering.delete(id);
    if (!this.#listening) return;
    this.#hub.send(
      this.self,
      from,
      (there) => there.#connections.get(this.self)?.calls.settle(id, answer),
      "lossy",
    );
  }
}

function peerIn(address: string): NodeId | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}
