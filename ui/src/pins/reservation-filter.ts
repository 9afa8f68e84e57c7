import type { GpioView } from "@pi-controller/schema";

/** Which reservations are shown; empty text means all. */
export interface ReservationFilter {
  readonly node: string;
  readonly namespace: string;
  readonly state: "" | "granted" | "waiting";
}

/** As the address bar has it. */
export function parseReservationFilter(query: URLSearchParams): ReservationFilter {
  const state = query.get("state");
  return {
    node: query.get("node") ?? "",
    namespace: query.get("namespace") ?? "",
    state: state === "granted" || state === "waiting" ? state : "",
  };
}

/** As the API takes it. */
export function reservationQuery({ node, namespace, state }: ReservationFilter) {
  return {
    ...(node === "" ? {} : { node }),
    ...(namespace === "" ? {} : { namespace }),
    ...(state === "" ? {} : { state }),
  };
}

/** By node, then as pins are counted, then in the order of the line. */
export function sortReservations(views: readonly GpioView[]): readonly GpioView[] {
  return views.toSorted(
    (one, other) =>
      compare(one.nodeName, other.nodeName) ||
      one.resource.localeCompare(other.resource, "en", { numeric: true }) ||
      (one.position ?? 0) - (other.position ?? 0) ||
      compare(one.id, other.id),
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
