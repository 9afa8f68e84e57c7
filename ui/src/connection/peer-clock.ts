/**
 * What time it is for somebody else, from the last time they told. A Pi has no battery-backed clock, so the
 * ages of what a peer reports are reckoned by the peer's clock, never by the browser's.
 */
export interface PeerClock {
  /** Their wall clock when they told, in ms since 1970. */
  readonly toldMs: number;
  /** This page's monotonic time at that moment, in ms. */
  readonly heardAt: number;
}

/** Their wall clock now, in ms since 1970. */
export function peerTime(clock: PeerClock, now: number): number {
  return clock.toldMs + (now - clock.heardAt);
}

/** How long ago a timestamp of theirs was, in ms, never negative; null for null. */
export function ageOf(timestamp: string | null, clock: PeerClock, now: number): number | null {
  return timestamp === null ? null : Math.max(0, peerTime(clock, now) - Date.parse(timestamp));
}
