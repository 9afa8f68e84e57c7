/**
 * Port: the part of time and chance that a client needs. It is a subset of the peer's own Clock and Random,
 * so that a test can hand in a virtual clock; a browser gets {@link hostClock} and {@link hostRandom}.
 */
export interface ClientClock {
  /** Monotonic time in ms from an arbitrary start. */
  monotonic(): number;
  /** Calls back once, no sooner than `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): { cancel(): void };
}

export interface ClientRandom {
  /** A number in [0, 1). */
  next(): number;
}

/** The clock of the browser or of Node. Its timers keep a Node process alive: somebody waits for an answer. */
export const hostClock: ClientClock = {
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const hostRandom: ClientRandom = { next: () => Math.random() };
