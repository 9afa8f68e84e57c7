import type { Clock } from "@pi-controller/runtime";
import type { Level } from "@pi-controller/schema";
import type { GpioDriver } from "../gpio/gpio-driver.ts";
import type { PwmSetting } from "./pwm-driver.ts";

export interface LevelAt {
  readonly level: Level;
  readonly atMs: number;
}

/** For tests: lines that note when they were driven to which level, so that a signal can be measured. */
export class RecordedLines implements Pick<GpioDriver, "configure" | "write"> {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #history = new Map<number, LevelAt[]>();
  /** Thrown by each write while it is set. */
  failure: Error | undefined;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  async configure(lines: Parameters<GpioDriver["configure"]>[0]): Promise<void> {
    for (const [line, config] of lines) {
      if (config.direction === "output") this.#note(line, config.level);
    }
  }

  async write(levels: Parameters<GpioDriver["write"]>[0]): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    for (const { line, level } of levels) this.#note(line, level);
  }

  /** Changes of a line from a moment on; the first entry is what it was then. */
  since(line: number, fromMs: number): readonly LevelAt[] {
    const history = this.#history.get(line) ?? [];
    const later = history.filter(({ atMs }) => atMs > fromMs);
    const before = history.findLast(({ atMs }) => atMs <= fromMs);
    return before === undefined ? later : [before, ...later];
  }

  level(line: number): Level | undefined {
    return this.#history.get(line)?.at(-1)?.level;
  }

  #note(line: number, level: Level): void {
    const history = this.#history.get(line) ?? [];
    if (history.at(-1)?.level !== level) history.push({ level, atMs: this.#clock.monotonic() });
    this.#history.set(line, history);
  }
}

/** What two whole turns of a signal are as a setting; null when there are none. */
export function measured(changes: readonly LevelAt[], inverted: boolean): PwmSetting | null {
  const on = inverted ? "low" : "high";
  const begins = changes.slice(1).filter(({ level }) => level === on);
  const [first, second] = begins;
  const ends = changes.find(({ level, atMs }) => level !== on && first !== undefined && atMs > first.atMs);
  if (first === undefined || second === undefined || ends === undefined) return null;
  const periodMs = second.atMs - first.atMs;
  return { frequencyHz: 1_000 / periodMs, dutyCycle: (ends.atMs - first.atMs) / periodMs, inverted };
}
