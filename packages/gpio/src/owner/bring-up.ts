import type { Pins } from "./pins.ts";
import type { Reservation } from "./reservation.ts";
import type { Safety } from "./safety.ts";
import type { Stops } from "./stops.ts";

export interface BringUpComponents {
  readonly pins: Pins;
  readonly safety: Safety;
  readonly stops: Stops;
}

/**
 * Makes the pin of a grant what its holder reserved, or leaves it safe while an emergency stop stands.
 *
 * @returns whether its holder may write now; not when it ended meanwhile, is not safe, or is of another board
 * @throws MeshError as the drivers
 */
export async function bringUp(components: BringUpComponents, reservation: Reservation): Promise<boolean> {
  const { pins, safety, stops } = components;
  if (!reservation.ownsHardware) return false;
  await pins.makeWay(reservation);
  // From here to the call of the driver nothing is awaited: no stop and no end comes in between.
  if (reservation.phase !== "setting-up") return false;
  const { desired, keep, stopped = false } = reservation.record;
  if (reservation.isDriven && (stops.current !== undefined || (stopped && desired === null))) {
    const unsafe = await safety.makeSafe([reservation], "stopped");
    if (unsafe.length > 0) return false;
  } else {
    await pins.setUp(reservation, keep ? desired : null);
  }
  // It may have ended while the hardware was busy.
  if ((reservation.phase as string) === "ended") return false;
  reservation.phase = "held";
  return true;
}
