import type { Clock, Timer } from "@pi-controller/runtime";
import type { Level } from "@pi-controller/schema";

/** Lets a level count only once it has stood for some time, as the kernel does for lines whose chip cannot. */
export class Debounce {
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #onLevel: (level: Level) => void;
  #level: Level;
  #timer: Timer | undefined;

  constructor(clock: Clock, durationMs: number, level: Level, onLevel: (level: Level) => void) {
    this.#clock = clock;
    this.#durationMs = durationMs;
    this.#level = level;
    this.#onLevel = onLevel;
  }

  get level(): Level {
    return this.#level;
  }

  change(level: Level): void {
    this.#timer?.cancel();
    if (level === this.#level) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#level = level;
      this.#onLevel(level);
    }, this.#durationMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
