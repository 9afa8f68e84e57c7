/** How long a session lasts. */
export interface SessionLimits {
  /** Since it was last used. */
  readonly idleMs: number;
  /** Since it began. */
  readonly absoluteMs: number;
}

/**
 * When a session began and was last used, in monotonic time of this process (negative for before it): a wall clock
 * that is set right, or wrong, neither ends a session nor revives one.
 */
export interface SessionTimes {
  readonly beganMs: number;
  readonly usedMs: number;
}

/** The same as it outlives the process. */
export interface StoredTimes {
  /** How old the session was when it was last used. */
  readonly ageMs: number;
  /** Wall clock. */
  readonly usedAtMs: number;
}

/** Now, by both clocks. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function hasEnded(times: SessionTimes, limits: SessionLimits, { monotonicMs }: Now): boolean {
  return monotonicMs >= times.usedMs + limits.idleMs || monotonicMs >= times.beganMs + limits.absoluteMs;
}

/** When a session will have ended by itself, by the wall clock. */
export function endsAt(
  times: SessionTimes,
  limits: SessionLimits,
  now: Now,
): { readonly idleMs: number; readonly absoluteMs: number } {
  const absoluteMs = wallTime(times.beganMs, now) + limits.absoluteMs;
  return { idleMs: Math.min(wallTime(times.usedMs, now) + limits.idleMs, absoluteMs), absoluteMs };
}

export function wallTime(monotonicMs: number, now: Now): number {
  return Math.floor(now.wallMs - (now.monotonicMs - monotonicMs));
}

export function toStored(times: SessionTimes, now: Now): StoredTimes {
  return { ageMs: Math.floor(times.usedMs - times.beganMs), usedAtMs: wallTime(times.usedMs, now) };
}

/**
 * How a stored session goes on. Only the time between its last use and now is taken from the wall clock; when that
 * has gone back, no time has passed, and the age that the session had stays with it.
 */
export function fromStored({ ageMs, usedAtMs }: StoredTimes, now: Now): SessionTimes {
  const usedMs = now.monotonicMs - Math.max(0, now.wallMs - usedAtMs);
  return { usedMs, beganMs: usedMs - ageMs };
}
