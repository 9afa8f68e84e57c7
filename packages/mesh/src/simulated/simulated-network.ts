import type { Clock, Logger, Random } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import type { Gossip, GossipMessage, Network, NetworkInventory } from "../network.ts";
import { PausableClock } from "./pausable-clock.ts";
import { type LinkConditions, SimulatedLinks } from "./simulated-links.ts";
import { SimulatedPeer, type Trust } from "./simulated-peer.ts";

/**
 * How long a connection outlives a cut link or a process that does not answer. The libp2p adapter's
 * keep-alive gives up after about the same time.
 */
const SILENCE_LIMIT_MS = 20_000;

export interface SimulatedProcess {
  readonly network: Network;
  readonly gossip: Gossip;
  inventory(): NetworkInventory;
  /** Stands still while the process is paused: everything in the process uses this one. */
  readonly clock: Clock;
}

interface Machine {
  readonly id: NodeId;
  readonly address: string;
  process: { readonly peer: SimulatedPeer; readonly clock: PausableClock } | undefined;
  state: "on" | "paused" | "off";
  /** What arrived while the process was paused. */
  readonly backlog: (() => void)[];
}

/**
 * A network of simulated machines that runs on a clock: what connects them can be cut, slow or lossy, and
 * their processes paused and killed. Peers see it through the same ports as the real one.
 */
export class SimulatedNetwork {
  readonly links: SimulatedLinks;
  readonly #clock: Clock;
  readonly #machines = new Map<NodeId, Machine>();
  readonly #byAddress = new Map<string, Machine>();
  readonly #lastArrivalMs = new Map<string, number>();

  constructor(components: { clock: Clock; random: Random }, conditions: Partial<LinkConditions> = {}) {
    this.#clock = components.clock;
    this.links = new SimulatedLinks(components, conditions);
  }

  /**
   * A new process on the machine of this id, which is switched on for it. A machine keeps its address; a
   * process that ran there before must have been stopped or killed. Without a gate, it lets everybody in.
   */
  createPeer(
    id: NodeId,
    components: { addressBook: AddressBook; logger: Logger } & Partial<Trust>,
  ): SimulatedProcess {
    const machine = this.#machineOf(id);
    const clock = new PausableClock(this.#clock);
    const peer = new SimulatedPeer({ ...components, clock, hub: this }, id, machine.address);
    machine.process = { peer, clock };
    machine.state = "on";
    machine.backlog.length = 0;
    return { network: peer, gossip: peer, clock, inventory: () => peer.inventory() };
  }

  /** Where the machine of this id can be dialled. */
  addressOf(id: NodeId): string {
    return this.#machineOf(id).address;
  }

  /** Cuts the link between two machines, both ways. Their connection breaks when the cut lasts. */
  cut(one: NodeId, other: NodeId): void {
    this.links.cutOneWay(one, other);
    this.links.cutOneWay(other, one);
    this.#breakSilent(one, other);
  }

  /** Nothing gets through from one machine to the other any more, and all gets through on the way back. */
  cutOneWay(from: NodeId, to: NodeId): void {
    this.links.cutOneWay(from, to);
    this.#breakSilent(from, to);
  }

  heal(one: NodeId, other: NodeId): void {
    this.links.healOneWay(one, other);
    this.links.healOneWay(other, one);
  }

  /** Machines of different groups no longer reach each other; inside a group nothing changes. */
  partition(groups: readonly (readonly NodeId[])[]): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1).flat()) {
        for (const one of group) this.cut(one, other);
      }
    }
  }

  healAll(): void {
    this.links.healAll();
  }

  /** SIGKILL: the process is gone at once, the machine's kernel closes its connections and refuses new ones. */
  kill(id: NodeId): void {
    const peer = this.#machineOf(id).process?.peer;
    if (peer === undefined) return;
    for (const other of peer.connectedPeers()) {
      this.send(id, other, (there) => there.loseConnectionTo(id, peer), "reliable");
    }
    this.#endProcess(id);
  }

  /** The power is gone: nothing closes, nothing answers. */
  powerOff(id: NodeId): void {
    this.#breakAllSilent(id);
    this.#endProcess(id);
    this.#machineOf(id).state = "off";
  }

  /** SIGSTOP: the kernel still takes what arrives, the process does nothing. */
  pause(id: NodeId): void {
    const machine = this.#machineOf(id);
    if (machine.state !== "on") return;
    machine.state = "paused";
    machine.process?.clock.pause();
    this.#breakAllSilent(id);
  }

  /** SIGCONT: it takes up what arrived meanwhile. */
  resume(id: NodeId): void {
    const machine = this.#machineOf(id);
    if (machine.state !== "paused") return;
    machine.state = "on";
    machine.process?.clock.resume();
    for (const deliver of machine.backlog.splice(0)) deliver();
  }

  /** The machine that has an address, whatever it does. */
  machineAt(address: string): NodeId | undefined {
    return this.#byAddress.get(address.replace(/\/p2p\/[^/]+$/, ""))?.id;
  }

  /** Whether a process listens on that machine, as its kernel knows. */
  listens(id: NodeId): boolean {
    return this.#machineOf(id).process?.peer.listening === true;
  }

  /**
   * Carries one message from machine to machine.
   *
   * @param deliver what happens in the process there; not called when the process is gone by then
   * @param reliable true for what TCP repeats until it arrives, so that only a cut stops it
   */
  send(
    from: NodeId,
    to: NodeId,
    deliver: (peer: SimulatedPeer) => void,
    reliable: "reliable" | "lossy",
  ): void {
    this.toMachine(from, to, () => this.#toProcess(to, deliver), reliable);
  }

  /** As `send`, but ends in the kernel there, which answers also when the process does not. */
  toMachine(from: NodeId, to: NodeId, deliver: () => void, reliable: "reliable" | "lossy"): void {
    if (!this.links.open(from, to) || (reliable === "lossy" && this.links.loses())) return;
    const nowMs = this.#clock.monotonic();
    const direction = `${from}>${to}`;
    // TCP keeps the order.
    const arrivesMs = Math.max(nowMs + this.links.latencyMs(), this.#lastArrivalMs.get(direction) ?? 0);
    this.#lastArrivalMs.set(direction, arrivesMs);
    this.#clock.setTimer(() => {
      if (this.#machineOf(to).state !== "off") deliver();
    }, arrivesMs - nowMs);
  }

  /**
   * Floods a message over open connections, as gossip does: each process that can be reached gets it once,
   * later the more hops away it is.
   */
  flood(topic: string, message: GossipMessage): void {
    const seen = new Set<NodeId>([message.from]);
    let front: { id: NodeId; atMs: number }[] = [{ id: message.from, atMs: 0 }];
    while (front.length > 0) {
      const next: typeof front = [];
      for (const { id, atMs } of front) {
        for (const neighbour of this.#relays(id)) {
          if (seen.has(neighbour) || !this.links.open(id, neighbour) || this.links.loses()) continue;
          if (this.#machineOf(neighbour).process?.peer.hears(id, message.from) === false) continue;
          seen.add(neighbour);
          const arrivesMs = atMs + this.links.latencyMs();
          next.push({ id: neighbour, atMs: arrivesMs });
          this.#clock.setTimer(
            () => this.#toProcess(neighbour, (peer) => peer.receiveGossip(topic, message)),
            arrivesMs,
          );
        }
      }
      front = next;
    }
  }

  /** Breaks the connection of two processes unless they can hear each other when the time is up. */
  #breakSilent(one: NodeId, other: NodeId): void {
    const first = this.#machineOf(one).process?.peer;
    const second = this.#machineOf(other).process?.peer;
    if (first === undefined || second === undefined) return;
    this.#clock.setTimer(() => {
      if (this.#hearEachOther(one, first, other, second)) return;
      first.loseConnectionTo(other, second);
      second.loseConnectionTo(one, first);
    }, SILENCE_LIMIT_MS);
  }

  #breakAllSilent(id: NodeId): void {
    for (const other of this.#machineOf(id).process?.peer.connectedPeers() ?? [])
      this.#breakSilent(id, other);
  }

  #hearEachOther(one: NodeId, first: SimulatedPeer, other: NodeId, second: SimulatedPeer): boolean {
    const runs = (id: NodeId, peer: SimulatedPeer) =>
      this.#machineOf(id).state === "on" && this.#machineOf(id).process?.peer === peer;
    return (
      runs(one, first) && runs(other, second) && this.links.open(one, other) && this.links.open(other, one)
    );
  }

  #endProcess(id: NodeId): void {
    const machine = this.#machineOf(id);
    machine.process?.clock.kill();
    machine.process?.peer.die();
    machine.process = undefined;
    machine.backlog.length = 0;
    if (machine.state === "paused") machine.state = "on";
  }

  #relays(id: NodeId): readonly NodeId[] {
    const machine = this.#machineOf(id);
    return machine.state === "on" ? (machine.process?.peer.audience() ?? []) : [];
  }

  #toProcess(to: NodeId, deliver: (peer: SimulatedPeer) => void): void {
    const machine = this.#machineOf(to);
    const peer = machine.process?.peer;
    if (peer === undefined || machine.state === "off") return;
    if (machine.state === "paused") machine.backlog.push(() => deliver(peer));
    else deliver(peer);
  }

  #machineOf(id: NodeId): Machine {
    const known = this.#machines.get(id);
    if (known !== undefined) return known;
    const number = this.#machines.size + 1;
    const address = `/ip4/10.0.${number >> 8}.${number & 0xff}/tcp/4101`;
    const machine: Machine = { id, address, process: undefined, state: "on", backlog: [] };
    this.#machines.set(id, machine);
    this.#byAddress.set(address, machine);
    return machine;
  }
}
