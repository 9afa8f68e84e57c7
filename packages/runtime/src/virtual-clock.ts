import type { Clock, Timer } from "./clock.ts";
import { type Due, TimerQueue } from "./timer-queue.ts";

/** One object a timer, as a simulation sets millions of them. */
class Pending implements Due, Timer {
  readonly dueMs: number;
  readonly order: number;
  isCancelled = false;
  readonly callback: () => void;
  readonly #queue: TimerQueue<Pending>;

  constructor(queue: TimerQueue<Pending>, dueMs: number, order: number, callback: () => void) {
    this.#queue = queue;
    this.dueMs = dueMs;
    this.order = order;
    this.callback = callback;
  }

  cancel(): void {
    this.#queue.cancel(this);
  }
}

export interface VirtualClockOptions {
  /** Wall clock at the start, in ms since 1970. */
  readonly startMs: number;
  /**
   * Waits between two timers until nothing can go on by itself. When left out, until all promises have settled that
   * wait for nothing but promises; who has others, as of files, waits for these, too.
   */
  readonly settle: () => Promise<void>;
}

const defaultOptions: VirtualClockOptions = { startMs: Date.UTC(2026, 0, 1), settle: turn };

/** A clock that stands still until it is told to move. Timers due at the same moment fire in the order set. */
export class VirtualClock implements Clock {
  readonly #settle: () => Promise<void>;
  readonly #pending = new TimerQueue<Pending>();
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;

  /** @param options a number is `startMs` alone */
  constructor(options: Partial<VirtualClockOptions> | number = {}) {
    const { startMs, settle } = {
      ...defaultOptions,
      ...(typeof options === "number" ? { startMs: options } : options),
    };
    this.#nowMs = startMs;
    this.#settle = settle;
  }

  /** How many timers have been set in all: tells any two moments of a simulation apart. */
  get timersSet(): number {
    return this.#order;
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const dueMs = this.#monotonicMs + Math.max(delayMs, 0);
    const pending = new Pending(this.#pending, dueMs, this.#order++, callback);
    this.#pending.add(pending);
    return pending;
  }

  /** Sets the wall clock without touching monotonic time, as NTP or a user would. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Moves time on by `durationMs`, firing what falls due, and lets promises settle between timers. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs;
    await this.#settle();
    for (let next = this.#pending.take(endMs); next !== undefined; next = this.#pending.take(endMs)) {
      this.#moveTo(next.dueMs);
      next.callback();
      await this.#settle();
    }
    this.#moveTo(endMs);
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** One turn of the event loop: every promise that can settle has settled by then, however deep the awaits nest. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
