import { type Clock, type Logger, repeat, type Service, type Timer } from "@pi-controller/runtime";
import type { Trust } from "@pi-controller/security";

export interface TrustUpkeepComponents {
  readonly trust: Pick<Trust, "rememberTime" | "tidy" | "clockStatus">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told once whenever the clock is found behind. */
  readonly onClockBehind: (behindByMs: number) => void;
}

/** Time is written down so seldom for the sake of the card: it only has to be roughly right after a start. */
const INTERVAL_MS = 3_600_000;

/** Keeps the trust database of a peer small and its time fresh. */
export class TrustUpkeep implements Service {
  readonly name = "trust upkeep";
  readonly #components: TrustUpkeepComponents;
  #timer: Timer | undefined;
  #isBehind = false;

  constructor(components: TrustUpkeepComponents) {
    this.#components = components;
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#components;
    this.#keep();
    this.#timer = repeat(
      clock,
      () => INTERVAL_MS,
      () => this.#keep(),
      (error) => logger.error({ err: error }, "The trust database could not be kept up"),
    );
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #keep(): void {
    const { logger, onClockBehind, trust } = this.#components;
    const behind = trust.clockStatus();
    if (behind !== null && !this.#isBehind) {
      logger.warn(
        behind,
        "The clock of this machine is behind what is known to have happened; expiry is judged by that",
      );
      onClockBehind(behind.behindByMs);
    }
    this.#isBehind = behind !== null;
    trust.rememberTime();
    trust.tidy();
  }
}
