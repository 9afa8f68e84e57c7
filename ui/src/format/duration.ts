const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Below this a sign of life counts as present: it is younger than two refreshes of the page. */
const NOW_MS = 1500;

/** A duration in one or two units, as `12 s`, `3 min`, `2 h 5 min` or `4 d 1 h`. Never negative. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, "h", MINUTE_MS, "min");
  return twoUnits(ms, DAY_MS, "d", HOUR_MS, "h");
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs);
  const main = `${Math.floor(ms / largeMs)} ${large}`;
  return rest === 0 ? main : `${main} ${rest} ${small}`;
}

/** How long ago something was: `now` or `12 s ago`; `never` for null. */
export function formatAgo(ageMs: number | null): string {
  if (ageMs === null) return "never";
  return ageMs < NOW_MS ? "now" : `${formatDuration(ageMs)} ago`;
}
