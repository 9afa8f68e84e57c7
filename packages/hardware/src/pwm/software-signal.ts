import type { Clock, Timer } from "@pi-controller/runtime";
import { changed, phaseAt, type Waveform } from "./software-phase.ts";

export interface SoftwareSignalComponents {
  readonly clock: Clock;
  /** Turns the pin on or off. */
  readonly drive: (on: boolean) => Promise<void>;
  /** Told of a pin that could not be driven; the signal tries again at its next change. */
  readonly onError: (error: unknown) => void;
}

/** One signal that a timer makes. A slow pin makes edges late, and never lets writes pile up: one runs at a time. */
export class SoftwareSignal {
  readonly #components: SoftwareSignalComponents;
  #waveform: Waveform;
  /** What was last written; undefined when that is not known. */
  #on: boolean | undefined = false;
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #ended = false;

  /** Does nothing until `change` is called; the pin is off. */
  constructor(components: SoftwareSignalComponents) {
    this.#components = components;
    this.#waveform = { originMs: 0, periodMs: 1, onMs: 0 };
  }

  /** Whether it is to stay off. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws what `drive` throws */
  async change(periodMs: number, onMs: number): Promise<void> {
    const nowMs = this.#components.clock.monotonic();
    const begins = this.#waveform.onMs === 0;
    this.#waveform = begins
      ? { originMs: nowMs, periodMs, onMs }
      : changed(this.#waveform, periodMs, onMs, nowMs);
    await this.#go();
  }

  /** Turns the pin off for good; can be repeated when it fails. @throws what `drive` throws */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    await this.#turn;
    await this.#components.drive(false);
  }

  /** One step after the one that runs. */
  #go(): Promise<void> {
    this.#timer?.cancel();
    const step = this.#turn.then(() => this.#step());
    this.#turn = step.catch(() => undefined);
    return step;
  }

  async #step(): Promise<void> {
    if (this.#ended) return;
    this.#timer?.cancel();
    const { clock, drive } = this.#components;
    const { on } = phaseAt(this.#waveform, clock.monotonic());
    try {
      if (on !== this.#on) {
        this.#on = undefined;
        await drive(on);
        this.#on = on;
      }
    } finally {
      this.#schedule();
    }
  }

  #schedule(): void {
    const { clock, onError } = this.#components;
    const nowMs = clock.monotonic();
    const { on, changesAtMs } = phaseAt(this.#waveform, nowMs);
    // Late already, when driving took long; or at the next change, which is also when a failed write is repeated.
    const atMs = this.#on !== undefined && on !== this.#on ? nowMs : changesAtMs;
    if (this.#ended || atMs === null) return;
    this.#timer = clock.setTimer(() => void this.#go().catch(onError), atMs - nowMs);
  }
}
