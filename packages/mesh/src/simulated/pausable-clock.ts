import type { Clock, Timer } from "@pi-controller/runtime";

/**
 * The clock of one simulated process. While it is paused nothing fires, as under SIGSTOP. When it goes on it does
 * what fell due meanwhile, timers before messages as Node does, one at a time, so that promises settle between.
 * Time itself goes on.
 */
export class PausableClock implements Clock {
  readonly #clock: Clock;
  readonly #due = new Set<ProcessTimer>();
  readonly #arrived: (() => void)[] = [];
  #state: "running" | "paused" | "resuming" | "killed" = "running";
  #next: Timer | undefined;

  /** @param clock of the machine; the time that passes there may not be that of other machines */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much waits until the process goes on. */
  get waiting(): number {
    return this.#due.size + this.#arrived.length;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = new ProcessTimer(this.#due, callback);
    if (this.#state === "killed") return timer;
    timer.timer = this.#clock.setTimer(() => {
      if (this.#state === "running") callback();
      else if (this.#state !== "killed") this.#due.add(timer);
    }, delayMs);
    return timer;
  }

  /** Does something now, or after what waits already; never in a process that is gone. */
  whenRunning(callback: () => void): void {
    if (this.#state === "running") callback();
    else if (this.#state !== "killed") this.#arrived.push(callback);
  }

  pause(): void {
    if (this.#state === "killed") return;
    this.#next?.cancel();
    this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    if (this.waiting === 0) this.#state = "running";
    else {
      this.#state = "resuming";
      this.#next = this.#clock.setTimer(this.#catchUp, 0);
    }
  }

  /** Nothing that was set fires any more: the process is gone. */
  kill(): void {
    this.#state = "killed";
    this.#next?.cancel();
    this.#due.clear();
    this.#arrived.length = 0;
  }

  readonly #catchUp = (): void => {
    // Set first: what is done now may pause or kill the process.
    this.#next = this.#clock.setTimer(this.#catchUp, 0);
    for (const timer of this.#due) {
      this.#due.delete(timer);
      timer.callback();
      return;
    }
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) {
      arrived();
      return;
    }
    this.#next.cancel();
    this.#state = "running";
  };
}

class ProcessTimer implements Timer {
  readonly callback: () => void;
  timer: Timer | undefined;
  readonly #due: Set<ProcessTimer>;

  constructor(due: Set<ProcessTimer>, callback: () => void) {
    this.#due = due;
    this.callback = callback;
  }

  cancel(): void {
    this.timer?.cancel();
    this.#due.delete(this);
  }
}
