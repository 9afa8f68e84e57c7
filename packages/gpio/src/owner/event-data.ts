import type { EventData } from "@pi-controller/schema";
import type { Reservation } from "./reservation.ts";

/** What events say of a reservation. */
export function eventDataOf({ record }: Reservation): EventData<"gpio.reservation.granted"> {
  const { id, resource, namespace, name, holder } = record;
  return { reservation: id, resource, namespace, name: name ?? null, holder: holder.userName };
}
