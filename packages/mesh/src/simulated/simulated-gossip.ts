import { type Clock, type Random, randomInteger, type Timer } from "@pi-controller/runtime";
import type { GossipMessage } from "../network.ts";
import type { LinkDirection } from "./link-direction.ts";
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

/** What a message has to do with one machine. */
interface Standing {
  /** The process that this is about: one that started there later has heard nothing. */
  readonly peer: SimulatedPeer;
  /** Since when it has the message, monotonic ms; undefined when it has not. */
  heardMs: number | undefined;
  /** When a copy arrives that it will take, monotonic ms. */
  expectedMs: number;
  /** That copy. */
  expected: Timer | undefined;
}

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
  /** By the place of the machine. */
  readonly #standings: (Standing | undefined)[];
  #lastHeardMs = 0;
  /** How many processes have it. */
  #heard = 0;
  #next: Timer | undefined;

  constructor(components: Components, topic: string, message: GossipMessage) {
    this.#clock = components.clock;
    this.#hub = components.hub;
    this.#random = components.random;
    this.#topic = topic;
    this.#message = message;
    this.#standings = Array.from({ length: components.hub.hostCount });
    this.#bytes = GOSSIP_OVERHEAD_BYTES + topic.length + message.payload.byteLength;
  }

  start(author: SimulatedPeer): void {
    this.#note(author);
    for (const connection of author.connections.ready()) this.#copy(connection);
    if (!this.#isEverywhere()) this.#next = this.#clock.setTimer(this.#heartbeat, HEARTBEAT_MS);
  }

  /** Whether nobody lacks it. A process that starts only after that is not offered it, which gossipsub would do. */
  #isEverywhere(): boolean {
    return this.#heard >= this.#hub.hostCount;
  }

  #standingOf(peer: SimulatedPeer): Standing {
    const known = this.#standings[peer.host.index];
    if (known?.peer === peer) return known;
    const standing: Standing = { peer, heardMs: undefined, expectedMs: Infinity, expected: undefined };
    // One that is gone, which somebody still believes to be connected to: what its successor has heard stays.
    if (peer.host.peer !== peer) return standing;
    if (known?.heardMs !== undefined) this.#heard--;
    this.#standings[peer.host.index] = standing;
    return standing;
  }

  #note(peer: SimulatedPeer): void {
    this.#lastHeardMs = this.#clock.monotonic();
    this.#standingOf(peer).heardMs = this.#lastHeardMs;
    this.#heard++;
    // There are many, which are not to be kept for longer than they are of use.
    if (this.#isEverywhere()) this.#next?.cancel();
  }

  #receive(connection: SimulatedConnection): void {
    const { local, remote } = connection;
    const isNew = this.#standingOf(remote).heardMs === undefined;
    if (!isNew || !remote.hears(local, this.#message.from)) return;
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
    const way = this.#hub.wire.wayOf(connection);
    this.#copyOnce(connection, way);
    if (way.duplicates(this.#random)) this.#copyOnce(connection, way);
  }

  #copyOnce(connection: SimulatedConnection, way: LinkDirection): void {
    const { local, remote } = connection;
    const { host: from } = local;
    const { host: to } = remote;
    const kind = "gossip";
    const name = this.#topic;
    const bytes = this.#bytes;
    const arrivesMs = this.#hub.wire.transmit(kind, name, bytes, true, from, to, way);
    if (arrivesMs === undefined) return;
    const standing = this.#standingOf(remote);
    const isSecond = standing.heardMs !== undefined || standing.expectedMs <= arrivesMs;
    const isTaken = !isSecond && remote.hears(local, this.#message.from);
    // Of a copy that is certain to be a second one, only what it costs counts.
    if (to.state !== "off" && (isSecond || (isTaken && standing.expected !== undefined))) {
      to.counters.received.add(kind, name, bytes);
    }
    if (isSecond) return;
    const deliver = () => this.#receive(connection);
    const parcel = new Parcel({ kind, name, bytes, lossy: true, from, to, target: remote, deliver });
    const timer = this.#hub.wire.schedule(parcel, arrivesMs);
    if (!isTaken) return;
    standing.expected?.cancel();
    standing.expected = timer;
    standing.expectedMs = arrivesMs;
  }

  readonly #heartbeat = (): void => {
    const nowMs = this.#clock.monotonic();
    const offeredSinceMs = nowMs - OFFERED_MS;
    let lacking = 0;
    for (const { peer, state, index } of this.#hub.hosts()) {
      if (peer === undefined || !peer.listening) continue;
      const standing = this.#standings[index];
      const isKnown = standing?.peer === peer;
      if (isKnown && standing.heardMs !== undefined) continue;
      lacking++;
      // A copy that is still on its way, or waits for one that stands still.
      if (state !== "on" || (isKnown && standing.expectedMs !== Infinity && standing.expectedMs >= nowMs)) {
        continue;
      }
      const offer = this.#offerTo(peer, offeredSinceMs);
      if (offer === undefined) continue;
      // Whatever was expected has not come.
      if (isKnown) {
        standing.expectedMs = Infinity;
        standing.expected = undefined;
      }
      this.#copy(offer);
    }
    if (lacking > 0 && this.#lastHeardMs >= offeredSinceMs) {
      this.#next = this.#clock.setTimer(this.#heartbeat, HEARTBEAT_MS);
    }
  };

  /** A connection over which a neighbour that has the message can send it. */
  #offerTo(peer: SimulatedPeer, sinceMs: number): SimulatedConnection | undefined {
    const neighbours = peer.connections.ready();
    const start = randomInteger(this.#random, neighbours.length);
    for (let index = 0; index < neighbours.length; index++) {
      const { remote } = neighbours[(start + index) % neighbours.length] as SimulatedConnection;
      if ((this.#standingOf(remote).heardMs ?? -Infinity) < sinceMs) continue;
      const back = remote.connections.of(peer.self);
      if (back?.remote === peer && back.ready && this.#hub.reach(remote.self, peer.self)) return back;
    }
    return undefined;
  }
}
