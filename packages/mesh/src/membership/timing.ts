/** The durations of failure detection, in ms. */
export interface MembershipTiming {
  /**
   * Time between two probes of this peer. With N peers probing at random, a member is probed once an interval
   * on average, whatever N is. A probe is one small request on an open stream. At 150 ms, sending and answering
   * them took 1 % of a core with 20 peers on a busy 2-core x86-64 machine; a slower one stretches the interval.
   */
  readonly probeIntervalMs: number;
  /** A slow machine or network stretches the interval up to this. */
  readonly maximumProbeIntervalMs: number;
  /** A probe without an answer for this long, beyond the usual round trip, is tried through helpers. */
  readonly directTimeoutMs: number;
  /** What connecting first may take in addition. */
  readonly dialTimeoutMs: number;
  /** Helpers have this long in all. */
  readonly indirectTimeoutMs: number;
  /**
   * No process that stood still for this long and went on may be declared dead. Counted from the first probe
   * without an answer, since the process may have stopped as late as that.
   */
  readonly toleratedStallMs: number;
  /** To go on, answer and be heard, beyond the usual round trip. */
  readonly stallMarginMs: number;
  /** A suspicion that nobody confirms lasts this many times as long (Lifeguard's beta). */
  readonly unconfirmedFactor: number;
  /** The last probe before the verdict is sent this long before it. */
  readonly lastChanceMs: number;
  /** Awake this much later than planned: what has arrived meanwhile is read before anybody is judged. */
  readonly ownDelayMs: number;
  /** Awake this much later: this process stood still, perhaps its machine too, and it was deaf all that time. */
  readonly ownStallMs: number;
  /** Time between two exchanges of the whole view with a random member, in a mesh of up to 32. */
  readonly syncIntervalMs: number;
}

/**
 * Chosen against Serf's LAN profile, which takes about 7 s with 20 nodes: a probe reaches a stopped process
 * within 0.1 s on average, and the verdict follows 2.1 s after that probe.
 */
export const defaultTiming: MembershipTiming = {
  probeIntervalMs: 100,
  maximumProbeIntervalMs: 600,
  directTimeoutMs: 200,
  dialTimeoutMs: 1_000,
  indirectTimeoutMs: 250,
  toleratedStallMs: 2_000,
  stallMarginMs: 60,
  unconfirmedFactor: 3,
  lastChanceMs: 300,
  ownDelayMs: 40,
  ownStallMs: 500,
  syncIntervalMs: 30_000,
};

/** At most one part in this many of a peer's time may pass while it waits for answers to its probes. */
const ROUND_TRIPS_PER_INTERVAL = 5;

/**
 * How long until the next probe. A round trip is mostly the work of two machines, so a multiple of it bounds
 * the share of a slow machine's time that probing takes.
 *
 * @param roundTripMs smoothed round trip of probes
 * @param healthMultiplier 1 for a healthy peer; one that lags behind slows down (Lifeguard, LHA-Probe)
 */
export function probeIntervalMs(
  timing: MembershipTiming,
  roundTripMs: number,
  healthMultiplier: number,
): number {
  const affordableMs = Math.max(timing.probeIntervalMs, ROUND_TRIPS_PER_INTERVAL * roundTripMs);
  return Math.min(affordableMs * healthMultiplier, timing.maximumProbeIntervalMs);
}

/** The usual round trip never adds more than these to a timeout, lest one bad minute blinds a peer. */
const MAXIMUM_ANSWER_ALLOWANCE_MS = 500;
const MAXIMUM_SILENCE_ALLOWANCE_MS = 1_000;
/** A process that goes on has a backlog to read, and is as starved as those that wait for it. */
const ROUND_TRIPS_TO_RECOVER = 2;

/** How long to wait for a direct answer. */
export function directTimeoutMs(
  timing: MembershipTiming,
  roundTripBoundMs: number,
  healthMultiplier: number,
): number {
  return (
    (timing.directTimeoutMs + Math.min(roundTripBoundMs, MAXIMUM_ANSWER_ALLOWANCE_MS)) * healthMultiplier
  );
}

/** How long a member must have been silent, at least, before it is declared dead. */
export function minimumSilenceMs(timing: MembershipTiming, roundTripBoundMs: number): number {
  const allowanceMs = Math.min(ROUND_TRIPS_TO_RECOVER * roundTripBoundMs, MAXIMUM_SILENCE_ALLOWANCE_MS);
  return timing.toleratedStallMs + timing.stallMarginMs + allowanceMs;
}

/** A whole view grows with the mesh, so it is exchanged less often in a large one (as memberlist does). */
export function syncIntervalMs(timing: MembershipTiming, members: number): number {
  return timing.syncIntervalMs * Math.max(1, 1 + Math.ceil(Math.log2(members / 32)));
}
