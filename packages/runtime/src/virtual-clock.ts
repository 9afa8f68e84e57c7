import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** How many rounds of pending promises run between two timers; awaits nest deeper than one. */
const MICROTASK_ROUNDS = 20;

/** A clock that stands still until it is told to move. Timers due at the same moment fire in the order set. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param startMs wall clock at the start, in ms since 1970 */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const pending = { dueMs: this.#monotonicMs + Math.max(delayMs, 0), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Sets the wall clock without touching monotonic time, as NTP or a user would. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Moves time on by `durationMs`, firing what falls due, and lets promises settle between timers. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs;
    await settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#moveTo(next.dueMs);
      this.#pending.delete(next);
      next.callback();
      await settle();
    }
    this.#moveTo(endMs);
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.dueMs > endMs) continue;
      if (
        first === undefined ||
        pending.dueMs < first.dueMs ||
        (pending.dueMs === first.dueMs && pending.order < first.order)
      ) {
        first = pending;
      }
    }
    return first;
  }
}

async function settle(): Promise<void> {
  for (let round = 0; round < MICROTASK_ROUNDS; round++) {
    await Promise.resolve();
  }
}
