import type { Clock, Timer } from "@pi-controller/runtime";

interface Due {
  readonly callback: () => void;
}

/**
 * The clock of one simulated process. While it is paused nothing fires, as under SIGSTOP; what fell due
 * meanwhile fires on resume. Time itself goes on.
 */
export class PausableClock implements Clock {
  readonly #clock: Clock;
  readonly #due = new Set<Due>();
  #state: "running" | "paused" | "killed" = "running";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const entry: Due = { callback };
    const timer = this.#clock.setTimer(() => {
      if (this.#state === "running") callback();
      else if (this.#state === "paused") this.#due.add(entry);
    }, delayMs);
    return {
      cancel: () => {
        timer.cancel();
        this.#due.delete(entry);
      },
    };
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    for (const entry of this.#due) {
      // Not there any more when one before it cancelled it.
      if (this.#due.delete(entry)) entry.callback();
    }
  }

  /** Nothing that was set fires any more: the process is gone. */
  kill(): void {
    this.#state = "killed";
    this.#due.clear();
  }
}
