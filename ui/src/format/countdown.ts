import { formatDuration } from "./duration.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const YEAR_MS = 365.25 * 24 * HOUR_MS;

/** What is left of a wait, as `45 s` or `2:05 min`; rounded up, so that it never says 0 while one has to wait. */
export function formatCountdown(remainingMs: number): string {
  const seconds = Math.ceil(Math.max(0, remainingMs) / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (seconds * SECOND_MS >= HOUR_MS) return formatDuration(seconds * SECOND_MS);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

/** A moment to come or gone, seen from now: `in 9 years`, `in 4 d 2 h`, `12 s ago`. */
export function formatFromNow(timestamp: string, nowMs: number): string {
  const differenceMs = Date.parse(timestamp) - nowMs;
  if (Math.abs(differenceMs) < SECOND_MS) return "now";
  const distance = formatLong(Math.abs(differenceMs));
  return differenceMs > 0 ? `in ${distance}` : `${distance} ago`;
}

function formatLong(durationMs: number): string {
  if (durationMs < 2 * YEAR_MS) return formatDuration(durationMs);
  return `${Math.floor(durationMs / YEAR_MS)} years`;
}
