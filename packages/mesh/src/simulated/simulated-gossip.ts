import { type Clock, type Random, randomInteger } from "@pi-controller/runtime";
import type { GossipMessage } from "../network.ts";
import { GOSSIP_OVERHEAD_BYTES, Parcel } from "./parcel.ts";
import type { SimulatedConnection } from "./simulated-connection.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

/**
 * To how many of its neighbours a process passes a message on. In the libp2p adapter's gossipsub the mesh of a peer has
 * 3 to 6 others (`Dlo`, `Dhi`), and who the message came from is one of them.
 */
const FORWARD_TO = 4;
/** As the libp2p adapter's gossipsub: at each heartbeat what is new is offered to those who may lack it. */
const HEARTBEAT_MS = 700;
/** For so long a process has a message to offer: two heartbeats. */
const OFFERED_MS = 2 * HEARTBEAT_MS;

interface Components {
  readonly clock: Clock;
  readonly hub: SimulatedNetwork;
  readonly random: Random;
}

/**
 * One message on its way through a simulated network, as gossipsub spreads it: its author sends it to all it is
 * connected to, everyone who hears it first-hand passes it on to a few, and at the heartbeats those who lack it get
 * it from a neighbour who has it. Who is paused passes nothing on until it goes on.
 */
export class GossipFlood {
  readonly #clock: Clock;
  readonly #hub: SimulatedNetwork;
  readonly #random: Random;
  readonly #topic: string;
  readonly #message: GossipMessage;
  readonly #bytes: number;
  /** Who has it, and since when: monotonic ms. */
  readonly #heardMs = new Map<SimulatedPeer, number>();
  /** When the first copy arrives at those who will take it. */
  readonly #expectedMs = new Map<SimulatedPeer, number>();
  #lastHeardMs = 0;

  constructor(components: Components, topic: string, message: GossipMessage) {
    this.#clock = components.clock;
    this.#hub = components.hub;
    this.#random = components.random;
    this.#topic = topic;
    this.#message = message;
    this.#bytes = GOSSIP_OVERHEAD_BYTES + topic.length + message.payload.byteLength;
  }

  start(author: SimulatedPeer): void {
    this.#note(author);
    for (const connection of author.connections.ready()) this.#copy(connection);
    this.#clock.setTimer(this.#heartbeat, HEARTBEAT_MS);
  }

  #note(peer: SimulatedPeer): void {
    this.#lastHeardMs = this.#clock.monotonic();
    this.#heardMs.set(peer, this.#lastHeardMs);
  }

  #receive(connection: SimulatedConnection): void {
    const { local, remote } = connection;
    if (this.#heardMs.has(remote) || !remote.hears(local, this.#message.from)) return;
    this.#note(remote);
    remote.receiveGossip(this.#topic, this.#message);
    this.#passOn(remote, local);
  }

  #passOn(peer: SimulatedPeer, source: SimulatedPeer): void {
    const neighbours = peer.connections.ready();
    const start = neighbours.length > FORWARD_TO ? randomInteger(this.#random, neighbours.length) : 0;
    let copies = 0;
    for (let index = 0; index < neighbours.length && copies < FORWARD_TO; index++) {
      const connection = neighbours[(start + index) % neighbours.length] as SimulatedConnection;
      if (connection.remote === source || connection.remote.self === this.#message.from) continue;
      this.#copy(connection);
      copies++;
    }
  }

  /** Sends a copy over a connection, of which the local end has the message. */
  #copy(connection: SimulatedConnection): void {
    const { local, remote } = connection;
    const parcel = new Parcel({
      kind: "gossip",
      name: this.#topic,
      bytes: this.#bytes,
      lossy: true,
      from: local.host,
      to: remote.host,
      target: remote,
      deliver: () => this.#receive(connection),
    });
    const arrivesMs = this.#hub.admit(parcel);
    if (arrivesMs === undefined) return;
    // That it is a second one is certain: only what it costs counts.
    const expectedMs = this.#expectedMs.get(remote) ?? Infinity;
    if (this.#heardMs.has(remote) || expectedMs <= arrivesMs) {
      this.#hub.countReceived(parcel);
      return;
    }
    if (remote.hears(local, this.#message.from)) this.#expectedMs.set(remote, arrivesMs);
    this.#hub.schedule(parcel, arrivesMs);
  }

  readonly #heartbeat = (): void => {
    const nowMs = this.#clock.monotonic();
    const offeredSinceMs = nowMs - OFFERED_MS;
    let lacking = 0;
    for (const { peer, state } of this.#hub.hosts()) {
      if (peer === undefined || !peer.listening || this.#heardMs.has(peer)) continue;
      lacking++;
      // A copy that is still on its way, or waits for one that stands still.
      if (state !== "on" || (this.#expectedMs.get(peer) ?? 0) >= nowMs) continue;
      const offer = this.#offerTo(peer, offeredSinceMs);
      if (offer === undefined) continue;
      // Whatever was expected has not come.
      this.#expectedMs.delete(peer);
      this.#copy(offer);
    }
    if (lacking > 0 && this.#lastHeardMs >= offeredSinceMs) {
      this.#clock.setTimer(this.#heartbeat, HEARTBEAT_MS);
    }
  };

  /** A connection over which a neighbour that has the message can send it. */
  #offerTo(peer: SimulatedPeer, sinceMs: number): SimulatedConnection | undefined {
    const neighbours = peer.connections.ready();
    const start = randomInteger(this.#random, neighbours.length);
    for (let index = 0; index < neighbours.length; index++) {
      const { remote } = neighbours[(start + index) % neighbours.length] as SimulatedConnection;
      if ((this.#heardMs.get(remote) ?? -Infinity) < sinceMs) continue;
      const back = remote.connections.of(peer.self);
      if (back?.remote === peer && back.ready && this.#hub.reach(remote.self, peer.self)) return back;
    }
    return undefined;
  }
}
