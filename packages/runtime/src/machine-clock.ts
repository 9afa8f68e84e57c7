import type { Clock, Timer } from "./clock.ts";

export interface MachineClockComponents {
  /** The time of the world that the machine is in. */
  readonly clock: Clock;
}

export interface MachineClockOptions {
  /** Its milliseconds a millisecond of the world: 1.00005 runs 50 ppm fast. */
  readonly rate?: number;
  /** Its wall clock at the start, in ms since 1970. As the world's when not given. */
  readonly wallMs?: number;
  /** How long it has been up at the start, in ms. */
  readonly monotonicMs?: number;
}

/** A timer that was set; among `waiting` until it has fired or been cancelled. */
class Pending implements Timer {
  /** On the machine's monotonic clock. */
  readonly dueMs: number;
  readonly callback: () => void;
  /** Of the world. */
  timer: Timer | undefined;
  readonly #waiting: Set<Pending>;

  constructor(waiting: Set<Pending>, dueMs: number, callback: () => void) {
    this.#waiting = waiting;
    this.dueMs = dueMs;
    this.callback = callback;
    waiting.add(this);
  }

  cancel(): void {
    this.timer?.cancel();
    this.#waiting.delete(this);
  }
}

/**
 * One machine's own idea of time over the time of the world that it is in: it drifts, its wall clock is wrong
 * and jumps, and its monotonic clock starts anew with each boot. For simulations of several machines.
 */
export class MachineClock implements Clock {
  readonly #world: Clock;
  readonly #pending = new Set<Pending>();
  #rate: number;
  /** Where the world's monotonic clock and this one were when the rate was last set. */
  #anchor: { readonly worldMs: number; readonly monotonicMs: number };
  /** Latest moment at which a timer has fired. */
  #reachedMs = Number.NEGATIVE_INFINITY;
  /** Wall clock minus monotonic clock. */
  #wallOffsetMs: number;
  #boots = 1;

  /** @throws RangeError when the rate is not above 0 */
  constructor(components: MachineClockComponents, options: MachineClockOptions = {}) {
    this.#world = components.clock;
    this.#rate = checkedRate(options.rate ?? 1);
    const monotonicMs = options.monotonicMs ?? 0;
    this.#anchor = { worldMs: this.#world.monotonic(), monotonicMs };
    this.#wallOffsetMs = (options.wallMs ?? this.#world.now()) - monotonicMs;
  }

  /** Whole milliseconds, as Date.now() gives them. */
  now(): number {
    return Math.floor(this.monotonic() + this.#wallOffsetMs);
  }

  monotonic(): number {
    const { worldMs, monotonicMs } = this.#anchor;
    const computedMs = monotonicMs + (this.#world.monotonic() - worldMs) * this.#rate;
    // Rounding must not put a timer's firing before its time: who then waits for the rest would wait for ever.
    return Math.max(computedMs, this.#reachedMs);
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const dueMs = this.monotonic() + Math.max(delayMs, 0);
    const pending = new Pending(this.#pending, dueMs, callback);
    this.#wait(pending);
    return pending;
  }

  /** Changes on every boot. */
  get bootId(): string {
    return `boot-${this.#boots}`;
  }

  /** Since the last boot, in ms. */
  uptimeMs(): number {
    return this.monotonic();
  }

  /** Sets the wall clock, in ms since 1970, as NTP or a user would; monotonic time goes on as it was. */
  jumpTo(wallMs: number): void {
    this.#wallOffsetMs = wallMs - this.monotonic();
  }

  /**
   * Runs faster or slower from now on; timers that wait fire when this clock has reached their time.
   *
   * @throws RangeError when the rate is not above 0
   */
  setRate(rate: number): void {
    checkedRate(rate);
    this.#anchor = { worldMs: this.#world.monotonic(), monotonicMs: this.monotonic() };
    this.#rate = rate;
    for (const pending of this.#pending) {
      pending.timer?.cancel();
      this.#wait(pending);
    }
  }

  /** Starts again at 0 with the wall clock at `wallMs`. Timers of the boot before never fire. */
  reboot(options: { readonly wallMs: number }): void {
    for (const pending of this.#pending) pending.timer?.cancel();
    this.#pending.clear();
    this.#anchor = { worldMs: this.#world.monotonic(), monotonicMs: 0 };
    this.#reachedMs = Number.NEGATIVE_INFINITY;
    this.#wallOffsetMs = options.wallMs;
    this.#boots++;
  }

  #wait(pending: Pending): void {
    const { dueMs, callback } = pending;
    pending.timer = this.#world.setTimer(
      () => {
        this.#pending.delete(pending);
        this.#reachedMs = Math.max(this.#reachedMs, dueMs);
        callback();
      },
      (dueMs - this.monotonic()) / this.#rate,
    );
  }
}

function checkedRate(rate: number): number {
  if (!(rate > 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`rate must be above 0 and finite, is ${rate}`);
  }
  return rate;
}
