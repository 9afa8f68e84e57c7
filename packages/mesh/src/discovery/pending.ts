import type { Service, Unsubscribe } from "@pi-controller/runtime";
import type { DiscoveredPeer } from "../network.ts";

/** A peer on the local network that belongs to no mesh yet. Nothing of it is proven: anybody can announce anything. */
export interface PendingPeer extends DiscoveredPeer {
  /** What it calls itself: a host name. */
  readonly name: string;
  /** The id of the join token that it carries, if any. */
  readonly joinToken?: string;
}

export interface PendingChange {
  /** `found` also when a peer that was there tells something else of itself. */
  readonly kind: "found" | "lost";
  readonly peer: PendingPeer;
}

/** Port: the unclaimed peers on the local network. */
export interface PendingDiscovery {
  observe(listener: (change: PendingChange) => void): Unsubscribe;
  /** Those that are there now, at most 256. */
  pending(): readonly PendingPeer[];
}

/** Port: makes an unclaimed peer known on the local network, until it is stopped. */
export interface PendingAnnouncer extends Service {
  /** Where it can be dialled from now on; nothing is announced before. */
  announce(addresses: readonly string[]): void;
}
