import { type FencingToken, MeshError, type ReservationId } from "@pi-controller/schema";
import type { OwnerAsking } from "../asking.ts";
import type { Endings } from "./endings.ts";
import { demandRight, isHolder, notHolder, staleToken } from "./guard.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

export interface ReleasingComponents {
  readonly registry: Registry;
  readonly endings: Endings;
  /** A pin has become free. */
  readonly onFreed: () => Promise<void>;
}

export interface ReleaseOptions {
  readonly token: FencingToken | undefined;
  readonly force: boolean;
}

/** As `PinOwner.release`; in the queue of changes. */
export async function release(
  { registry, endings, onFreed }: ReleasingComponents,
  id: ReservationId,
  options: ReleaseOptions,
  { requester, correlationId }: OwnerAsking,
): Promise<void> {
  const reservation = registry.get(id);
  if (reservation === undefined) return;
  const { namespace, resource } = reservation.record;
  demandRight(requester, options.force ? "revoke" : "delete", namespace, id);
  if (!options.force) {
    const refusal = refusalOf(reservation, options.token, requester);
    if (refusal !== undefined) throw refusal;
  }
  const reason = options.force ? "forced" : "released";
  const ending = endings.begin([reservation], reason, requester.userName);
  const unsafe = await endings.finish(ending, { correlationId });
  await onFreed();
  if (unsafe.length === 0) return;
  const problem = reservation.pin.fault ?? "its hardware fails";
  throw new MeshError(
    "UNAVAILABLE",
    `${resource} is released, but is not in its safe state yet: ${problem}. This is tried again until it is`,
  );
}

/** Who gives up his place in line has no token yet, and needs none. */
function refusalOf(
  reservation: Reservation,
  token: FencingToken | undefined,
  requester: OwnerAsking["requester"],
): MeshError | undefined {
  if (reservation.record.state === "granted") {
    if (token === undefined) {
      const message = "expected the token of the grant";
      return new MeshError("INVALID_ARGUMENT", `Invalid release: token: ${message}`, {
        fields: [{ field: "token", message }],
      });
    }
    if (token !== reservation.record.token) return staleToken(reservation);
  }
  return isHolder(reservation, requester) ? undefined : notHolder(reservation);
}
