import type { Level, MeshError, Observed } from "@pi-controller/schema";
import { positionOf } from "../ledger/line.ts";
import type { OwnedReservation } from "./pin-owner.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

/** What a look at the pins just now has shown. */
export interface Look {
  readonly levels: ReadonlyMap<Reservation, Level>;
  readonly problem: MeshError | undefined;
}

const NOT_LOOKED: Look = { levels: new Map(), problem: undefined };

/** @param now both clocks, in ms */
export function viewOf(
  registry: Registry,
  reservation: Reservation,
  now: { readonly uptimeMs: number; readonly asOf: string },
  look: Look = NOT_LOOKED,
): OwnedReservation {
  const { record, line, endsAtMs, id } = reservation;
  const isGranted = record.state === "granted";
  return {
    record,
    gpio: line,
    position: positionOf(registry, id),
    remainingMs: isGranted && endsAtMs !== null ? Math.max(0, Math.floor(endsAtMs - now.uptimeMs)) : null,
    observed: observedOf(reservation, look),
    asOf: now.asOf,
  };
}

/** What was seen last at the pin, or just now. */
function observedOf(reservation: Reservation, { levels, problem }: Look = NOT_LOOKED): Observed {
  const observed = reservation.pin.observed();
  const level = levels.get(reservation) ?? observed.level;
  return { ...observed, level, fault: observed.fault ?? problem?.message ?? null };
}
