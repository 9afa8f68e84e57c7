import type { PendingChange, PendingDiscovery, PendingPeer } from "@pi-controller/mesh";
import type { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import {
  Emitter,
  jitter,
  type Random,
  type Timer,
  type Unsubscribe,
  type VirtualClock,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** Between two times that a machine says on the local network that it waits. */
const INTERVAL_MS = 10_000;
/** Who was not heard of for so long is taken for gone. */
const HOLDS_MS = 35_000;

export interface LocalNetworkComponents {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly hub: SimulatedNetwork;
}

/** What machines hear of each other by multicast, as far as the links between them let it through. */
export class LocalNetwork {
  readonly #components: LocalNetworkComponents;
  readonly #listeners = new Map<NodeId, Listener>();

  constructor(components: LocalNetworkComponents) {
    this.#components = components;
  }

  /** What the process of a member finds; replaces what an earlier process on the machine found. */
  discovery(member: NodeId): PendingDiscovery {
    const listener = new Listener(this.#components.clock);
    this.#listeners.set(member, listener);
    return listener;
  }

  /** The process on this machine is gone: it hears nothing more. */
  deafen(member: NodeId): void {
    this.#listeners.delete(member);
  }

  /** Says again and again that a peer waits. @returns ends it, with a good-bye or without */
  announce(peer: PendingPeer): (isGoodbye: boolean) => void {
    const { clock, random } = this.#components;
    let timer: Timer | undefined;
    const say = () => {
      timer = clock.setTimer(say, jitter(random, INTERVAL_MS, 0.2));
      for (const listener of this.#reached(peer.peer)) listener.heard(peer);
    };
    timer = clock.setTimer(say, jitter(random, 500, 0.8));
    return (isGoodbye) => {
      timer?.cancel();
      if (isGoodbye) for (const listener of this.#reached(peer.peer)) listener.lost(peer.peer);
    };
  }

  *#reached(from: NodeId): Iterable<Listener> {
    const { links } = this.#components.hub;
    for (const [member, listener] of [...this.#listeners]) if (links.open(from, member)) yield listener;
  }
}

/** What one process has heard. */
class Listener implements PendingDiscovery {
  readonly #clock: VirtualClock;
  readonly #heard = new Map<NodeId, { readonly peer: PendingPeer; expiry: Timer }>();
  readonly #changes = new Emitter<PendingChange>((error) => {
    throw error;
  });

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  observe(listener: (change: PendingChange) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  pending(): readonly PendingPeer[] {
    return [...this.#heard.values()].map(({ peer }) => peer);
  }

  heard(peer: PendingPeer): void {
    const known = this.#heard.get(peer.peer);
    known?.expiry.cancel();
    const expiry = this.#clock.setTimer(() => this.lost(peer.peer), HOLDS_MS);
    this.#heard.set(peer.peer, { peer, expiry });
    if (known?.peer.joinToken !== peer.joinToken || known === undefined) {
      this.#changes.emit({ kind: "found", peer });
    }
  }

  lost(id: NodeId): void {
    const known = this.#heard.get(id);
    if (known === undefined) return;
    known.expiry.cancel();
    this.#heard.delete(id);
    this.#changes.emit({ kind: "lost", peer: known.peer });
  }
}
