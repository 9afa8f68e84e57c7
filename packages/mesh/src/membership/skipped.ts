import type { Clock, Logger } from "@pi-controller/runtime";

const INTERVAL_MS = 10_000;

/** Logs what was skipped, but no more often than every ten seconds: whoever sends garbage sends a lot. */
export class Skipped {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #loggedAtMs = -Infinity;
  #unlogged = 0;

  constructor(components: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = components.clock;
    this.#logger = components.logger;
  }

  warn(fields: object, message: string): void {
    this.#unlogged++;
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#loggedAtMs < INTERVAL_MS) return;
    this.#logger.warn({ ...fields, count: this.#unlogged }, message);
    this.#loggedAtMs = nowMs;
    this.#unlogged = 0;
  }
}
