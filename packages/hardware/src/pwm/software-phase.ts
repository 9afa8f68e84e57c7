/** A signal in time: when it began, how long a turn is and for how much of each it is on. */
export interface Waveform {
  /** When a turn began, in ms of the monotonic clock; all others begin a multiple of the period from it. */
  readonly originMs: number;
  readonly periodMs: number;
  /** From 0 to the period. */
  readonly onMs: number;
}

export interface Phase {
  readonly on: boolean;
  /** When it changes next, in ms of the monotonic clock; null when it never does. */
  readonly changesAtMs: number | null;
}

/**
 * A timer that fires at the very moment of a change must find the change done: sums of fractions are off by less than
 * this, in ms.
 */
const ROUNDING_MS = 1e-6;

/**
 * Where a signal is at a moment. Computed from its origin, never from the change before: a timer that is late makes one
 * edge late and shifts no other, and a process that slept through turns leaves them out.
 */
export function phaseAt({ originMs, periodMs, onMs }: Waveform, nowMs: number): Phase {
  if (onMs <= 0) return { on: false, changesAtMs: null };
  if (onMs >= periodMs) return { on: true, changesAtMs: null };
  const turn = turnStart({ originMs, periodMs }, nowMs);
  const on = nowMs + ROUNDING_MS < turn + onMs;
  return { on, changesAtMs: turn + (on ? onMs : periodMs) };
}

/**
 * Changes a signal within its turn: whoever changes it often does not make it stay on, as beginning a new turn with
 * each change would.
 */
export function changed(before: Waveform, periodMs: number, onMs: number, nowMs: number): Waveform {
  return { originMs: turnStart(before, nowMs), periodMs, onMs };
}

function turnStart({ originMs, periodMs }: Pick<Waveform, "originMs" | "periodMs">, nowMs: number): number {
  return originMs + Math.floor((nowMs + ROUNDING_MS - originMs) / periodMs) * periodMs;
}
