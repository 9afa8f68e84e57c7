import type { Clock, Logger, Random, Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import type { Gossip, GossipMessage, Network, NetworkInventory } from "../network.ts";
import type { LinkConditions } from "./link-direction.ts";
import type { WireEvent } from "./parcel.ts";
import { PausableClock } from "./pausable-clock.ts";
import { SilenceWatch } from "./silence-watch.ts";
import type { SimulatedConnection } from "./simulated-connection.ts";
import { GossipFlood } from "./simulated-gossip.ts";
import { SimulatedHost } from "./simulated-host.ts";
import { SimulatedLinks } from "./simulated-links.ts";
import { SimulatedPeer, type Trust } from "./simulated-peer.ts";
import type { MachineCounters } from "./traffic-counters.ts";
import { Wire } from "./wire.ts";

export interface SimulatedProcess {
  readonly network: Network;
  readonly gossip: Gossip;
  inventory(): NetworkInventory;
  /** Stands still while the process is paused: everything in the process uses this one. */
  readonly clock: Clock;
}

interface PeerComponents extends Partial<Trust> {
  readonly addressBook: AddressBook;
  readonly logger: Logger;
  /** The machine's own clock, which may run differently from that of the network; by default that one. */
  readonly clock?: Clock;
}

/**
 * A network of simulated machines that runs on a clock: what connects them can be cut, slow or lossy, and
 * their processes paused and killed. Peers see it through the same ports as the real one.
 */
export class SimulatedNetwork {
  readonly links: SimulatedLinks;
  readonly wire: Wire;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #silence: SilenceWatch;
  readonly #hosts = new Map<NodeId, SimulatedHost>();
  readonly #byAddress = new Map<string, SimulatedHost>();
  #lastSerial = 0;

  constructor(components: { clock: Clock; random: Random }, conditions: Partial<LinkConditions> = {}) {
    this.#clock = components.clock;
    this.#random = components.random;
    this.links = new SimulatedLinks(components, conditions);
    this.wire = new Wire({ ...components, links: this.links });
    this.#silence = new SilenceWatch({ clock: components.clock, links: this.links });
  }

  /**
   * A new process on the machine of this id, which is switched on for it. A machine keeps its address; a
   * process that still runs there is killed. Without a gate, it lets everybody in.
   */
  createPeer(id: NodeId, components: PeerComponents): SimulatedProcess {
    const host = this.#hostOf(id);
    this.kill(id);
    const clock = new PausableClock(components.clock ?? this.#clock);
    const peer = new SimulatedPeer({ ...components, clock, hub: this }, host);
    host.peer = peer;
    this.#setState(host, "on");
    return { network: peer, gossip: peer, clock, inventory: () => peer.inventory() };
  }

  /** Where the machine of this id can be dialled. */
  addressOf(id: NodeId): string {
    return this.#hostOf(id).address;
  }

  /** What the machine of this id has sent, received and held so far. */
  countersOf(id: NodeId): Readonly<MachineCounters> {
    return this.#hostOf(id).counters;
  }

  /** How many requests the process of this id waits for. */
  requestsUnderWay(id: NodeId): number {
    return this.#hostOf(id).peer?.requestsUnderWay ?? 0;
  }

  /** Whether two machines run a peer and can send each other messages now. */
  reach(one: NodeId, other: NodeId): boolean {
    const runs = (id: NodeId) => {
      const host = this.#hosts.get(id);
      return host?.state === "on" && host.peer?.listening === true;
    };
    return runs(one) && runs(other) && this.links.open(one, other) && this.links.open(other, one);
  }

  /** Hears of all that goes over the wire. What the listener throws ends the simulation. */
  observe(listener: (event: WireEvent) => void): Unsubscribe {
    return this.wire.observe(listener);
  }

  /**
   * Cuts the link between two machines, both ways. Their connection breaks when the cut lasts.
   *
   * @returns takes this cut back, and no other
   */
  cut(one: NodeId, other: NodeId): Unsubscribe {
    return this.cutPairs([[one, other]]);
  }

  /** As `cut`, between the machines of each pair. */
  cutPairs(pairs: Iterable<readonly [NodeId, NodeId]>): Unsubscribe {
    const undo: Unsubscribe[] = [];
    for (const [one, other] of pairs) undo.push(this.cutOneWay(one, other), this.cutOneWay(other, one));
    return () => {
      for (const undoOne of undo) undoOne();
    };
  }

  /**
   * Nothing gets through from one machine to the other any more, and all gets through on the way back.
   *
   * @returns takes this cut back, and no other
   */
  cutOneWay(from: NodeId, to: NodeId): Unsubscribe {
    const undo = this.links.cutOneWay(from, to);
    const connection = this.#hosts.get(from)?.peer?.connections.of(to);
    if (connection !== undefined) this.#silence.watch(connection);
    const back = this.#hosts.get(to)?.peer?.connections.of(from);
    if (back !== undefined) this.#silence.watch(back);
    return undo;
  }

  /** Takes back all cuts between two machines. */
  heal(one: NodeId, other: NodeId): void {
    this.links.healOneWay(one, other);
    this.links.healOneWay(other, one);
  }

  /**
   * Machines of different groups no longer reach each other; inside a group nothing changes.
   *
   * @returns takes these cuts back, and no others
   */
  partition(groups: readonly (readonly NodeId[])[]): Unsubscribe {
    return this.cutPairs(pairsAcross(groups));
  }

  healAll(): void {
    this.links.healAll();
  }

  /** SIGKILL: the process is gone at once, the machine's kernel closes its connections and refuses new ones. */
  kill(id: NodeId): void {
    const host = this.#hostOf(id);
    if (host.peer === undefined) return;
    for (const { local, remote, serials } of host.peer.connections.all())
      this.wire.close(local, remote, serials);
    this.#endProcess(host);
    if (host.state === "paused") this.#setState(host, "on");
  }

  /** The power is gone: nothing closes, nothing answers. */
  powerOff(id: NodeId): void {
    const host = this.#hostOf(id);
    if (host.peer !== undefined) {
      this.#watchBothEnds(host.peer);
      this.#endProcess(host);
    }
    this.#setState(host, "off");
  }

  /** SIGSTOP: the kernel still takes what arrives, the process does nothing. */
  pause(id: NodeId): void {
    const host = this.#hostOf(id);
    if (host.state !== "on") return;
    this.#setState(host, "paused");
    if (host.peer === undefined) return;
    host.peer.clock.pause();
    this.#watchBothEnds(host.peer);
  }

  /** SIGCONT: it takes up what arrived meanwhile, beginning when the clock moves on. */
  resume(id: NodeId): void {
    const host = this.#hostOf(id);
    if (host.state !== "paused") return;
    this.#setState(host, "on");
    if (host.peer === undefined) return;
    host.peer.clock.resume();
    // It begins to count only now how long others are silent.
    this.#silence.watchAll(host.peer);
  }

  /** The machine that has an address, whatever it does. */
  machineAt(address: string): SimulatedHost | undefined {
    return this.#byAddress.get(address.replace(/\/p2p\/[^/]+$/, ""));
  }

  get hostCount(): number {
    return this.#hosts.size;
  }

  /** All machines, in the order in which they were first named. */
  hosts(): Iterable<SimulatedHost> {
    return this.#hosts.values();
  }

  /** A number of its own for each dial. */
  nextSerial(): number {
    return ++this.#lastSerial;
  }

  /** Spreads a message over open connections, as gossip does. */
  flood(author: SimulatedPeer, topic: string, message: GossipMessage): void {
    const components = { clock: this.#clock, hub: this, random: this.#random };
    author.clock.whenRunning(() => new GossipFlood(components, topic, message).start(author));
  }

  opened(connection: SimulatedConnection): void {
    const { local, remote } = connection;
    local.host.counters.connectionOpened();
    this.#silence.watch(connection);
    this.wire.tellOfConnection("connected", local.self, remote.self);
  }

  closed({ local, remote }: SimulatedConnection): void {
    local.host.counters.connectionClosed();
    this.wire.tellOfConnection("lost", local.self, remote.self);
  }

  #watchBothEnds(peer: SimulatedPeer): void {
    this.#silence.watchAll(peer);
    for (const { remote } of peer.connections.all()) {
      const back = remote.connections.of(peer.self);
      if (back?.remote === peer) this.#silence.watch(back);
    }
  }

  #setState(host: SimulatedHost, state: SimulatedHost["state"]): void {
    if (host.state === state) return;
    host.state = state;
    host.stateSinceMs = this.#clock.monotonic();
  }

  #endProcess(host: SimulatedHost): void {
    host.peer?.clock.kill();
    host.peer?.die();
    host.peer = undefined;
  }

  #hostOf(id: NodeId): SimulatedHost {
    const known = this.#hosts.get(id);
    if (known !== undefined) return known;
    const number = this.#hosts.size + 1;
    const host = new SimulatedHost(id, number - 1, `/ip4/10.0.${number >> 8}.${number & 0xff}/tcp/4101`);
    this.#hosts.set(id, host);
    this.#byAddress.set(host.address, host);
    return host;
  }
}

function* pairsAcross(groups: readonly (readonly NodeId[])[]): Iterable<readonly [NodeId, NodeId]> {
  for (const [index, group] of groups.entries()) {
    for (const other of groups.slice(index + 1).flat()) for (const one of group) yield [one, other];
  }
}
