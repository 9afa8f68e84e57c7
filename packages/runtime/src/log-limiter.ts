import type { Clock } from "./clock.ts";

/** Lets one message of a kind through per period, so that another peer's garbage cannot fill our log. */
export class LogLimiter {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #periodMs: number;
  readonly #kinds = new Map<string, { untilMs: number; suppressed: number }>();

  constructor(clock: Pick<Clock, "monotonic">, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
  }

  /**
   * Calls `log` when a message of this kind is due.
   *
   * @param kind one of a fixed few, never made from what was received
   * @param log takes how many of them were left out before
   */
  limit(kind: string, log: (suppressed: number) => void): void {
    const nowMs = this.#clock.monotonic();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs < known.untilMs) {
      known.suppressed++;
      return;
    }
    this.#kinds.set(kind, { untilMs: nowMs + this.#periodMs, suppressed: 0 });
    log(known?.suppressed ?? 0);
  }
}
