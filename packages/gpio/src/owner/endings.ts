import type { Logger } from "@pi-controller/runtime";
import type { ReservationRecord } from "@pi-controller/schema";
import type { EndReason } from "../ledger/ledger.ts";
import type { GpioEvents } from "./components.ts";
import { eventDataOf } from "./event-data.ts";
import { markedAsEnded } from "./lease-terms.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";
import type { Safety } from "./safety.ts";

export interface EndingsComponents {
  readonly registry: Registry;
  readonly records: Records;
  readonly safety: Safety;
  readonly events: GpioEvents;
  readonly logger: Logger;
  /** What could not be ended is to be tried again. */
  readonly onUnfinished: () => void;
}

/** Reservations that end together. */
export interface Ending {
  readonly reservations: readonly Reservation[];
  /** Resolves with those whose pins are not safe. */
  readonly unsafe: Promise<readonly Reservation[]>;
}

/** Ends reservations: first for their holders, then at their pins, then on the disk. */
export class Endings {
  readonly #components: EndingsComponents;

  constructor(components: EndingsComponents) {
    this.#components = components;
  }

  /** No write passes any more, and the safe states are on their way to the driver, when this returns. */
  begin(reservations: readonly Reservation[], reason: EndReason, by: string): Ending {
    const granted: Reservation[] = [];
    for (const reservation of reservations) {
      if (reservation.phase !== "waiting" && reservation.ownsHardware) granted.push(reservation);
      reservation.phase = "ended";
      reservation.end ??= { reason, by };
    }
    return { reservations, unsafe: this.#components.safety.makeSafe(granted, "ended") };
  }

  /**
   * To be called in the queue of changes. What is safe is forgotten, here and on the disk; what is not keeps its pin
   * until it is, so that nobody else gets one that still does what its last holder wanted.
   *
   * @param grant recorded in the same step, when all of them are safe
   * @returns those that are not safe
   * @throws as `Records.replace`; they have ended nevertheless
   */
  async finish(
    { reservations, unsafe }: Ending,
    options: { readonly grant?: ReservationRecord; readonly correlationId: string | undefined },
  ): Promise<readonly Reservation[]> {
    const { registry, records, logger, onUnfinished } = this.#components;
    const failed = await unsafe;
    const present = reservations.filter((reservation) => registry.get(reservation.id) === reservation);
    const safe = present.filter((reservation) => !failed.includes(reservation));
    const grant = failed.length === 0 ? options.grant : undefined;
    try {
      await records.replace(
        safe.map(({ id }) => id),
        grant,
      );
    } catch (error) {
      onUnfinished();
      throw error;
    }
    for (const reservation of safe) this.#forget(reservation, options.correlationId);
    if (failed.length > 0) {
      onUnfinished();
      await records.change(failed, markedAsEnded).catch((error: unknown) => {
        logger.warn({ error }, "Could not write down that a lease is over whose pin is not safe");
      });
    }
    return failed;
  }

  #forget(reservation: Reservation, correlationId: string | undefined): void {
    const { reason, by } = reservation.end ?? { reason: "released", by: "" };
    this.#components.registry.remove(reservation, reason);
    const data = { ...eventDataOf(reservation), reason, by };
    this.#components.events.emit("gpio.reservation.ended", data, correlationId);
  }
}
