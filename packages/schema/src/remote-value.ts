import type { MembershipState } from "./membership.ts";

/** What this peer last heard of a value that lives on another node. */
export interface Heard<T> {
  readonly value: T;
  /** When the owner had it, by the owner's clock (RFC 3339). */
  readonly asOf: string;
  /** How long ago it was heard, by this peer's clock. */
  readonly ageMs: number;
}

/** A value of another node as it is shown: see `remoteValue`. */
export interface RemoteValue<T> {
  status: "current" | "unknown";
  asOf: string | null;
  ageMs: number | null;
  membership: MembershipState;
  value: T | null;
  lastValue: T | null;
}

/**
 * The honest form of a remote value: it stands for now only while its owner is within reach and it is
 * younger than `staleAfterMs`; otherwise it is `unknown`, with what was heard last beside it.
 */
export function remoteValue<T>(
  heard: Heard<T> | undefined,
  membership: MembershipState,
  staleAfterMs: number,
): RemoteValue<T> {
  if (heard === undefined) {
    return { status: "unknown", asOf: null, ageMs: null, membership, value: null, lastValue: null };
  }
  // A suspect has not been silent for long: what it said stands until it is too old.
  const reachable = membership === "alive" || membership === "suspect";
  const current = reachable && heard.ageMs <= staleAfterMs;
  return {
    status: current ? "current" : "unknown",
    asOf: heard.asOf,
    ageMs: heard.ageMs,
    membership,
    value: current ? heard.value : null,
    lastValue: heard.value,
  };
}
