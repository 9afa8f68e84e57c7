import type { NodeId } from "@pi-controller/schema";
import { TTL_SECONDS } from "./mdns-records.ts";
import { MAX_ADDRESSES } from "./peer-records.ts";
import type { PendingChange, PendingPeer } from "./pending.ts";

/** Whoever comes when there are so many is not taken in, so that a flood does not drive out those that are there. */
export const MAX_PENDING = 256;
/** A goodbye counts after this, unless it is contradicted (RFC 6762 section 10.1). */
const GOODBYE_MS = 1_000;
/** Changes of one peer are told no more often than this. */
const CHANGE_INTERVAL_MS = 1_000;

interface Entry {
  peer: PendingPeer;
  /** When each address stops to hold, the one heard longest ago first. */
  readonly addresses: Map<string, number>;
  expiresMs: number;
  toldMs: number;
  /** Exists while something is to be told that was not yet. */
  isChanged: boolean;
}

/**
 * The unclaimed peers that are there, and what is to be told of them. Times are monotonic, in ms.
 *
 * One that speaks on several interfaces tells different addresses on each: they add up.
 */
export class PendingTable {
  readonly #entries = new Map<NodeId, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  all(): PendingPeer[] {
    return [...this.#entries.values()].map(({ peer }) => peer);
  }

  /**
   * Takes in what a peer said of itself.
   *
   * @param ttlSeconds for how long that holds, no longer than the usual time though
   * @returns false when there is no room for it
   */
  heard(peer: PendingPeer, ttlSeconds: number, nowMs: number): boolean {
    const entry = this.#entries.get(peer.peer);
    if (entry === undefined && this.#entries.size >= MAX_PENDING) return false;
    const expiresMs = nowMs + Math.min(ttlSeconds, TTL_SECONDS) * 1_000;
    if (entry === undefined) {
      const addresses = new Map(peer.addresses.map((address) => [address, expiresMs]));
      const toldMs = Number.NEGATIVE_INFINITY;
      this.#entries.set(peer.peer, { peer, addresses, expiresMs, toldMs, isChanged: true });
      return true;
    }
    entry.expiresMs = expiresMs;
    const addresses = addressesAfter(entry.addresses, peer.addresses, expiresMs, nowMs);
    const next = { ...peer, addresses };
    if (!isSame(next, entry.peer)) entry.isChanged = true;
    entry.peer = next;
    return true;
  }

  /** A peer said that it is no more. */
  goodbye(id: NodeId, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.expiresMs = Math.min(entry.expiresMs, nowMs + GOODBYE_MS);
  }

  /** What is to be told by now; it counts as told. */
  changes(nowMs: number): PendingChange[] {
    const changes: PendingChange[] = [];
    for (const [id, entry] of this.#entries) {
      if (entry.expiresMs <= nowMs) {
        this.#entries.delete(id);
        if (entry.toldMs > Number.NEGATIVE_INFINITY) changes.push({ kind: "lost", peer: entry.peer });
      } else if (entry.isChanged && entry.toldMs + CHANGE_INTERVAL_MS <= nowMs) {
        entry.isChanged = false;
        entry.toldMs = nowMs;
        changes.push({ kind: "found", peer: entry.peer });
      }
    }
    return changes;
  }

  /** When `changes` has something to say; Infinity while there is nobody. */
  get nextDueMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { expiresMs, isChanged, toldMs } of this.#entries.values()) {
      nextMs = Math.min(nextMs, expiresMs, isChanged ? toldMs + CHANGE_INTERVAL_MS : nextMs);
    }
    return nextMs;
  }
}

/** @returns the addresses that hold now; those that were heard of longest ago go when there are too many */
function addressesAfter(
  known: Map<string, number>,
  heard: readonly string[],
  expiresMs: number,
  nowMs: number,
): string[] {
  for (const address of heard) {
    known.delete(address);
    known.set(address, expiresMs);
  }
  for (const [address, endsMs] of known) {
    if (endsMs <= nowMs || known.size > MAX_ADDRESSES) known.delete(address);
  }
  return [...known.keys()];
}

function isSame(one: PendingPeer, other: PendingPeer): boolean {
  const addresses = new Set(one.addresses);
  return (
    one.name === other.name &&
    one.joinToken === other.joinToken &&
    addresses.size === other.addresses.length &&
    other.addresses.every((address) => addresses.has(address))
  );
}
