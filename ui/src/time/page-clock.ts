/** Port: time, as far as the page needs it; tests drive it by hand. */
export interface PageClock {
  /** Wall clock of the browser, in ms since 1970. Never compared with a peer's. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start. */
  monotonic(): number;
  /** Calls back once, no sooner than `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): { cancel(): void };
}

/** The browser's own. */
export const browserClock: PageClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Port: whether somebody can see the page. */
export interface Visibility {
  visible(): boolean;
  /** @returns a function that ends it */
  onChange(callback: () => void): () => void;
}

/** The browser tab's own. */
export const tabVisibility: Visibility = {
  visible: () => document.visibilityState === "visible",
  onChange(callback) {
    document.addEventListener("visibilitychange", callback);
    return () => document.removeEventListener("visibilitychange", callback);
  },
};
