import { backoffMs, type Random } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** How the dials of one peer, which should be connected and is not, stand. */
export interface Redial {
  /** Attempts that have failed in a row. */
  readonly failures: number;
  /** When to dial next, monotonic ms. */
  readonly dueMs: number;
}

/** The higher id waits so long for the lower one's dial, so that two rarely dial each other at once. */
const TAKEOVER_DELAY_MS = 3_000;
/** Spreads the dials of many that lost the same peer. */
const FIRST_DELAY_SPREAD_MS = 200;
/** Short at most: a cut that has healed should be found soon, and a dial on a LAN costs next to nothing. */
const BACKOFF = { initialMs: 1_000, maximumMs: 10_000, jitterFraction: 0.2 } as const;

/** The first dial of a peer: at once by the lower id, a little later by the higher. */
export function firstRedial(self: NodeId, peer: NodeId, nowMs: number, random: Random): Redial {
  const delayMs = self < peer ? 0 : TAKEOVER_DELAY_MS;
  return { failures: 0, dueMs: nowMs + delayMs + random.next() * FIRST_DELAY_SPREAD_MS };
}

/** After one more failure. */
export function nextRedial(redial: Redial, nowMs: number, random: Random): Redial {
  const failures = redial.failures + 1;
  return { failures, dueMs: nowMs + backoffMs(failures, BACKOFF, random) };
}
