import { type Clock, Emitter, type Random, type Timer, type Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { LinkDirection } from "./link-direction.ts";
import { Parcel, type ParcelKind, type WireEvent } from "./parcel.ts";
import { SILENCE_LIMIT_MS } from "./silence-watch.ts";
import type { SimulatedConnection } from "./simulated-connection.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedLinks } from "./simulated-links.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

interface Components {
  readonly clock: Clock;
  readonly random: Random;
  readonly links: SimulatedLinks;
}

/** Carries messages between the machines of a simulated network, as their links allow, and counts them. */
export class Wire {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #links: SimulatedLinks;
  readonly #onlookers = new Emitter<WireEvent>((error) => {
    throw error;
  });
  #onlookerCount = 0;

  constructor(components: Components) {
    this.#clock = components.clock;
    this.#random = components.random;
    this.#links = components.links;
  }

  /** Hears of all that goes over the wire. What the listener throws ends the simulation. */
  observe(listener: (event: WireEvent) => void): Unsubscribe {
    const unsubscribe = this.#onlookers.on(listener);
    this.#onlookerCount++;
    let isMine = true;
    return () => {
      if (isMine) this.#onlookerCount--;
      isMine = false;
      unsubscribe();
    };
  }

  tellOfConnection(event: "connected" | "lost", at: NodeId, peer: NodeId): void {
    if (this.#onlookerCount > 0) this.#onlookers.emit({ event, at, peer });
  }

  /** Sends what a process says: once it goes on when it stands still, never when it is gone. */
  carry(sender: SimulatedPeer, parcel: Parcel): void {
    if (sender.host.runs(sender)) this.carryFromKernel(parcel);
    else sender.clock.whenRunning(() => this.carryFromKernel(parcel));
  }

  /** Sends what a kernel says. */
  carryFromKernel(parcel: Parcel): void {
    const direction = this.#links.direction(parcel.from.id, parcel.to.id);
    this.#send(parcel, direction);
    if (parcel.kind === "request" && direction.duplicates(this.#random)) this.#send(parcel, direction);
  }

  /** The way of what goes over a connection. */
  wayOf({ local, remote, outgoing }: SimulatedConnection): LinkDirection {
    return this.#links.upToDate(outgoing, local.self, remote.self);
  }

  /**
   * Puts a message on the wire, of which what happens then is the caller's concern.
   *
   * @param lossy false for what TCP repeats until it arrives
   * @returns when it arrives, monotonic ms; undefined when it does not
   */
  transmit(
    kind: ParcelKind,
    name: string,
    bytes: number,
    lossy: boolean,
    from: SimulatedHost,
    to: SimulatedHost,
    direction: LinkDirection,
  ): number | undefined {
    from.counters.sent.add(kind, name, bytes);
    if (this.#onlookerCount > 0) this.#tell("sent", kind, name, bytes, from, to);
    const arrivesMs = direction.open
      ? direction.arrivalMs(this.#random, this.#clock.monotonic(), bytes, lossy, kind !== "gossip")
      : undefined;
    if (arrivesMs === undefined && this.#onlookerCount > 0) {
      this.#tell("dropped", kind, name, bytes, from, to);
    }
    return arrivesMs;
  }

  /** @param arrivesMs as `transmit` has said */
  schedule(parcel: Parcel, arrivesMs: number): Timer {
    return this.#clock.setTimer(() => this.#arrive(parcel), arrivesMs - this.#clock.monotonic());
  }

  /** Does something in a process as soon as it runs. */
  inProcess({ clock, host: { counters } }: SimulatedPeer, work: () => void): void {
    clock.whenRunning(work);
    if (clock.waiting > counters.backlogPeak) counters.backlogPeak = clock.waiting;
  }

  /** Tells a process that the other end of a connection is closed. */
  hangUp(from: SimulatedPeer, to: SimulatedPeer, serials: readonly number[]): void {
    if (from.host.runs(from)) this.close(from, to, serials);
    else from.clock.whenRunning(() => this.close(from, to, serials));
  }

  /** What a kernel tells a process: the other end of a connection is closed. */
  close(from: SimulatedPeer, to: SimulatedPeer, serials: readonly number[]): void {
    const ends = { from: from.host, to: to.host, target: to };
    this.carryFromKernel(Parcel.control("close", ends, () => to.loseConnectionTo(from.self, serials)));
  }

  #send(parcel: Parcel, direction: LinkDirection): void {
    const { kind, name, bytes, lossy, from, to } = parcel;
    if (!lossy && !direction.open) {
      this.#hold(parcel, direction);
      return;
    }
    const arrivesMs = this.transmit(kind, name, bytes, lossy, from, to, direction);
    if (arrivesMs !== undefined) this.schedule(parcel, arrivesMs);
  }

  /** Keeps what TCP repeats until the link is whole again, or the connection is given up. */
  #hold(parcel: Parcel, { held }: LinkDirection): void {
    const nowMs = this.#clock.monotonic();
    while (held[0] !== undefined && nowMs - held[0].sinceMs >= SILENCE_LIMIT_MS) held.shift();
    const send = () => {
      const { from, to } = parcel;
      const isGivenUp = this.#clock.monotonic() - nowMs >= SILENCE_LIMIT_MS;
      if (!isGivenUp && from.state !== "off") this.#send(parcel, this.#links.direction(from.id, to.id));
    };
    held.push({ sinceMs: nowMs, send });
  }

  #arrive(parcel: Parcel): void {
    const { kind, name, bytes, from, to, target } = parcel;
    const isLost = to.state === "off" || (target !== undefined && to.peer !== target);
    if (this.#onlookerCount > 0) {
      this.#tell(isLost ? "dropped" : "delivered", kind, name, bytes, from, to);
    }
    if (to.state === "off") return;
    to.counters.received.add(kind, name, bytes);
    if (isLost) this.#refuse(parcel);
    else if (target === undefined) parcel.deliver();
    else this.inProcess(target, parcel.deliver);
  }

  /** As a kernel answers what belongs to no connection that it knows. */
  #refuse({ from, to, refuse }: Parcel): void {
    if (refuse === undefined) return;
    const ends = { from: to, to: from, target: from.peer };
    this.carryFromKernel(Parcel.control("reset", ends, refuse));
  }

  #tell(
    event: "sent" | "delivered" | "dropped",
    kind: ParcelKind,
    name: string,
    bytes: number,
    from: SimulatedHost,
    to: SimulatedHost,
  ): void {
    this.#onlookers.emit({ event, kind, name, bytes, from: from.id, to: to.id });
  }
}
