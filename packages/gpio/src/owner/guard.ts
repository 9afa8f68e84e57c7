import { type FencingToken, MeshError, type ReservationId, type Verb } from "@pi-controller/schema";
import type { Requester } from "../asking.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

/**
 * Whether somebody may do something with a reservation now. It stands before each call of a driver, with nothing
 * awaited in between: what it lets pass reaches the hardware before anything that ends the lease.
 *
 * @param nowMs of the machine's monotonic clock
 * @returns the reservation, or why not: NOT_FOUND, PERMISSION_DENIED, ABORTED, UNAVAILABLE
 */
export function guarded(
  registry: Registry,
  id: ReservationId,
  token: FencingToken,
  requester: Requester,
  nowMs: number,
): Reservation | MeshError {
  const reservation = registry.get(id);
  if (reservation === undefined) return absent(registry, id);
  const { record, phase, endsAtMs } = reservation;
  const refusal = requester.refusal({
    verb: "update",
    resource: "gpio",
    namespace: record.namespace,
    name: id,
  });
  if (refusal !== undefined) return new MeshError("PERMISSION_DENIED", refusal);
  if (record.token !== token) return staleToken(reservation);
  if (!isHolder(reservation, requester)) return notHolder(reservation);
  if (phase === "ended" || (endsAtMs !== null && nowMs >= endsAtMs) || isStarved(reservation, nowMs)) {
    return new MeshError("ABORTED", `The lease of ${record.resource} is over`);
  }
  if (phase === "held") return reservation;
  return new MeshError(
    "UNAVAILABLE",
    `${record.resource} is not set up: ${reservation.pin.fault ?? "not yet"}`,
  );
}

/** Not written for longer than its holder has agreed to. */
function isStarved({ record, lastWriteMs }: Reservation, nowMs: number): boolean {
  return record.watchdogMs !== null && nowMs >= lastWriteMs + record.watchdogMs;
}

/** By id where the user has one: names can be given anew. */
export function isHolder({ record: { holder } }: Reservation, { userId, userName }: Requester): boolean {
  return holder.userId === null ? holder.userName === userName : holder.userId === userId;
}

/**
 * @param name id of the reservation that it is about, as rules with `names` have it; undefined for one that is not yet
 * @throws MeshError PERMISSION_DENIED
 */
export function demandRight(requester: Requester, verb: Verb, namespace: string, name?: ReservationId): void {
  const access = { verb, resource: "gpio", namespace } as const;
  const refusal = requester.refusal(name === undefined ? access : { ...access, name });
  if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
}

/** What is said of a reservation that is not there, or not any more. */
export function absent(registry: Registry, id: ReservationId): MeshError {
  const reason = registry.endOf(id);
  return reason === undefined
    ? new MeshError("NOT_FOUND", `There is no reservation ${id}`)
    : new MeshError("ABORTED", `The reservation ${id} has ended: ${reason}`);
}

/** For a write with a token that is not, or not any more, the one that counts. */
export function staleToken({ record }: Reservation): MeshError {
  return new MeshError(
    "ABORTED",
    record.token === null
      ? `The reservation of ${record.resource} waits in line and has no token yet`
      : `The token is not that of the grant of ${record.resource} that stands`,
  );
}

/** For what only the holder may do. */
export function notHolder({ record }: Reservation): MeshError {
  return new MeshError("PERMISSION_DENIED", `${record.resource} is held by ${record.holder.userName}`);
}
