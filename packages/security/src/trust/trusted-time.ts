import { isByAuthority } from "./precedence.ts";
import type { SignedStatement } from "./signed-statement.ts";

/**
 * How far beyond the making of this program a time is still believed: a clock that was set wrong once, on one
 * machine, must not make everything expire for ever. Five years.
 */
export const MAX_AHEAD_MS = 5 * 365 * 86_400_000;

/** What is known to have happened, whatever the system clock says. All in ms since 1970. */
export interface TimeEvidence {
  /** When this program was made. */
  readonly buildDateMs: number;
  /** Newest time that the authority has signed. */
  readonly newestIssuedMs: number;
  /** The last time that this node has seen. */
  readonly lastSeenMs: number;
}

/** It is not earlier than this. Evidence beyond `MAX_AHEAD_MS` says nothing. */
export function earliestNow({ buildDateMs, newestIssuedMs, lastSeenMs }: TimeEvidence): number {
  const credible = [newestIssuedMs, lastSeenMs].filter((timeMs) => timeMs <= buildDateMs + MAX_AHEAD_MS);
  return Math.max(buildDateMs, ...credible);
}

/**
 * The newest time that the authority has signed, of statements that were found good. Times of others count for nothing here: any member could otherwise
 * make the tokens of all expire.
 */
export function newestIssued(statements: Iterable<SignedStatement>, buildDateMs: number): number {
  let newest = 0;
  for (const signed of statements) {
    if (!isByAuthority(signed.envelope)) continue;
    const { issuedAtMs } = signed;
    if (issuedAtMs > newest && issuedAtMs <= buildDateMs + MAX_AHEAD_MS) newest = issuedAtMs;
  }
  return newest;
}
