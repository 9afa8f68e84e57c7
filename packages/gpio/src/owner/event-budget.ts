import { type Clock, type Logger, LogLimiter, RateLimiter } from "@pi-controller/runtime";
import type { EventData } from "@pi-controller/schema";
import type { GpioEvents, GpioEventType } from "./components.ts";

/**
 * Of one tenant: more than people follow, and so little that a program that takes and releases a pin 100 times a
 * second does not push all else out of the logs of all peers (50,000 events), where they tell what happened to the mesh.
 */
const BUDGET = { burst: 200, perSecond: 1, maxSenders: 1_024 };
const LOG_PERIOD_MS = 60_000;

export interface EventBudgetComponents {
  readonly events: GpioEvents;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
}

/** Bounds what the owner tells of the reservations of each tenant, and of hardware. Stops are always told. */
export class EventBudget implements GpioEvents {
  readonly #components: EventBudgetComponents;
  readonly #tellers = new RateLimiter(BUDGET);
  readonly #limiter: LogLimiter;

  constructor(components: EventBudgetComponents) {
    this.#components = components;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  emit<Type extends GpioEventType>(
    type: Type,
    data: EventData<Type>,
    correlationId: string | undefined,
  ): void {
    const { events, clock, logger } = this.#components;
    const isStop = type === "gpio.stop.set" || type === "gpio.stop.cleared";
    // Names of tenants have no colon.
    const teller = "namespace" in data ? data.namespace : `hardware:${type}`;
    if (!isStop && this.#tellers.take(teller, clock.monotonic()) > 0) {
      this.#limiter.limit("budget", (suppressed) =>
        logger.warn(
          { type, teller, suppressed },
          "More happens at pins than is told; some events are left out",
        ),
      );
      return;
    }
    events.emit(type, data, correlationId);
  }
}
