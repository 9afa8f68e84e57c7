import type { Clock, Timer } from "@pi-controller/runtime";
import type { Level } from "@pi-controller/schema";
import { opposite } from "../levels.ts";

interface Square {
  readonly halfPeriodMs: number;
  /** Monotonic time of the next change. */
  nextMs: number;
  level: Level;
}

/** A process that stood still for longer than this does not make up for all that it missed. */
const MAX_BEHIND_MS = 1_000;
/** How a contact settles, in parts of the time that it bounces: each is a change, the last one stays. */
const BOUNCES = [0, 0.1, 0.2, 0.4, 0.6, 0.8, 1] as const;

/** What moves the wires of a simulated header by and by: square waves, and contacts that bounce. */
export class Stimuli {
  readonly #clock: Clock;
  /** Drives the wire of a line; with the time when that falls due. */
  readonly #drive: (line: number, level: Level | null, atMs: number) => void;
  readonly #squares = new Map<number, Square>();
  readonly #bounceMs = new Map<number, number>();
  readonly #bouncing = new Map<number, readonly Timer[]>();
  #timer: Timer | undefined;
  #running = false;

  constructor(clock: Clock, drive: (line: number, level: Level | null, atMs: number) => void) {
    this.#clock = clock;
    this.#drive = drive;
  }

  start(): void {
    this.#running = true;
    for (const square of this.#squares.values()) square.nextMs = this.#clock.monotonic();
    this.#schedule();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    for (const line of [...this.#bouncing.keys()]) this.#settle(line);
  }

  /** Moves a wire once; a contact that bounces comes back several times before it stays. */
  move(line: number, from: Level | null, to: Level | null): void {
    this.#settle(line);
    const durationMs = this.#bounceMs.get(line) ?? 0;
    const nowMs = this.#clock.monotonic();
    if (durationMs === 0 || to === null || from === to || !this.#running) {
      this.#drive(line, to, nowMs);
      return;
    }
    const timers = BOUNCES.map((part, index) => {
      const level = index % 2 === 0 ? to : opposite(to);
      return this.#clock.setTimer(() => this.#drive(line, level, this.#clock.monotonic()), part * durationMs);
    });
    this.#bouncing.set(line, timers);
  }

  setBounce(line: number, durationMs: number): void {
    if (durationMs > 0) this.#bounceMs.set(line, durationMs);
    else this.#bounceMs.delete(line);
  }

  /** @param frequencyHz 0 ends the wave where it is */
  setSquare(line: number, frequencyHz: number): void {
    this.#squares.delete(line);
    if (frequencyHz > 0) {
      const halfPeriodMs = 500 / frequencyHz;
      this.#squares.set(line, { halfPeriodMs, nextMs: this.#clock.monotonic() + halfPeriodMs, level: "low" });
    }
    this.#schedule();
  }

  #settle(line: number): void {
    for (const timer of this.#bouncing.get(line) ?? []) timer.cancel();
    this.#bouncing.delete(line);
  }

  #schedule(): void {
    this.#timer?.cancel();
    const next = this.#next();
    if (!this.#running || next === undefined) return;
    const delayMs = Math.max(next[1].nextMs - this.#clock.monotonic(), 0);
    this.#timer = this.#clock.setTimer(() => this.#run(), delayMs);
  }

  /** All changes that are due, in the order of their times: timers come late, and several waves share one. */
  #run(): void {
    const nowMs = this.#clock.monotonic();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [line, square] = next;
      if (square.nextMs > nowMs) break;
      if (nowMs - square.nextMs > MAX_BEHIND_MS) square.nextMs = nowMs;
      square.level = opposite(square.level);
      this.#drive(line, square.level, square.nextMs);
      square.nextMs += square.halfPeriodMs;
    }
    this.#schedule();
  }

  #next(): [number, Square] | undefined {
    let first: [number, Square] | undefined;
    for (const entry of this.#squares) {
      if (first === undefined || entry[1].nextMs < first[1].nextMs) first = entry;
    }
    return first;
  }
}
