import type { Clock, Timer } from "./clock.ts";

/** Longest delay that Node's timers take; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer(callback: () => void, delayMs: number): Timer {
      const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
