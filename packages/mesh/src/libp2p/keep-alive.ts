/** How often a connection is asked for a sign of life. */
export const KEEP_ALIVE_INTERVAL_MS = 5_000;
/** After so many intervals without one the connection is given up. */
const MAX_SILENT_INTERVALS = 3;

/**
 * How many intervals in a row a connection has been silent, counted at the end of each one. Intervals are
 * counted, not time: a process that was stopped for a minute counts one, and finds its answers waiting.
 *
 * @param heardMs when something was last heard, and `previousTickMs` when the interval began, both monotonic
 */
export function silentIntervals(silentSoFar: number, heardMs: number, previousTickMs: number): number {
  return heardMs >= previousTickMs ? 0 : silentSoFar + 1;
}

/** Without this a cut link leaves a connection open for as long as TCP repeats itself: a quarter of an hour. */
export function isDead(silentIntervals: number): boolean {
  return silentIntervals >= MAX_SILENT_INTERVALS;
}
