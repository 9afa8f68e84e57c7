/** A timer that has been set. Cancelling one that fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Port: time. Everything that waits or tells the time does it through this, so that a simulation can run
 * hours of it in a second.
 */
export interface Clock {
  /** Wall clock, in ms since 1970. May jump: a Pi has no battery-backed clock. For what people read. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start. For durations, deadlines and ages. */
  monotonic(): number;
  /** Calls back once, no sooner than `delayMs` from now. The timer alone does not keep a process alive. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** Resolves after `delayMs`, or rejects with the signal's reason when that aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Calls `callback` again and again, `intervalMs()` after the previous call has ended, so that a slow call
 * never overlaps the next. `callback` must not throw; what it rejects with goes to `onError`.
 */
export function repeat(
  clock: Clock,
  intervalMs: () => number,
  callback: () => void | Promise<void>,
  onError: (error: unknown) => void,
): Timer {
  let cancelled = false;
  let timer: Timer | undefined;
  const schedule = () => {
    if (!cancelled) {
      timer = clock.setTimer(() => void run(), intervalMs());
    }
  };
  const run = async () => {
    try {
      await callback();
    } catch (error) {
      onError(error);
    }
    schedule();
  };
  schedule();
  return {
    cancel() {
      cancelled = true;
      timer?.cancel();
    },
  };
}
