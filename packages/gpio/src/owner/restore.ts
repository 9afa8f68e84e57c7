import { MeshError, type ReservationRecord } from "@pi-controller/schema";
import { conflictOf } from "../ledger/claims.ts";
import type { Claim, EndReason, ResourceRules } from "../ledger/ledger.ts";
import { compareTokens } from "../ledger/token.ts";
import type { Leases } from "./lease-file.ts";
import { type StartTimes, termAtStart, waitAtStart } from "./lease-terms.ts";
import { Reservation } from "./reservation.ts";

/** What becomes of the reservations that are found on the disk. */
export interface RestorePlan {
  /** To be set up again, or to wait on. */
  readonly standing: readonly Reservation[];
  /** Over while nobody looked: their pins are made safe. */
  readonly over: readonly { readonly reservation: Reservation; readonly reason: EndReason }[];
}

/**
 * Decides who holds what after a start. Nothing is granted before this was done.
 *
 * @param present those that are there already; what conflicts with them is over
 */
export function planRestore(
  records: readonly ReservationRecord[],
  present: readonly Reservation[],
  leases: Leases | undefined,
  now: StartTimes,
  rules: ResourceRules,
): RestorePlan {
  const standing: Reservation[] = [];
  const over: { reservation: Reservation; reason: EndReason }[] = [];
  const held = present.filter(({ phase }) => phase !== "waiting").map(({ claims }) => claims);
  for (const record of newestFirst(records)) {
    if (record.state === "waiting") {
      const reservation = restored(record, rules, "waiting");
      reservation.endsAtMs = waitAtStart(record, now);
      standing.push(reservation);
      continue;
    }
    const reservation = restored(record, rules, "setting-up");
    reservation.lastWriteMs = now.uptimeMs;
    const term = termAtStart(record, leases, now);
    if (term.kind === "over") {
      over.push({ reservation, reason: "expired" });
    } else if (held.some((claims) => conflictOf(reservation.claims, claims) !== undefined)) {
      reservation.ownsHardware = false;
      over.push({ reservation, reason: "not restored" });
    } else {
      reservation.endsAtMs = term.endsAtMs;
      reservation.ttlMs = term.ttlMs;
      held.push(reservation.claims);
      standing.push(reservation);
    }
  }
  return { standing, over };
}

/** Of two that cannot both hold, which no disk of ours should show, the later grant does. */
function newestFirst(records: readonly ReservationRecord[]): readonly ReservationRecord[] {
  return [...records].sort((one, other) => {
    if (one.token === null || other.token === null) return one.token === other.token ? 0 : -1;
    return compareTokens(other.token, one.token);
  });
}

function restored(
  record: ReservationRecord,
  rules: ResourceRules,
  phase: "waiting" | "setting-up",
): Reservation {
  try {
    return new Reservation(record, rules.claims(record.resource, record.mode), phase);
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    // Another board, or a bus that was turned on: it keeps what it has, until it is released or works again.
    const reservation = new Reservation(record, [ownClaim(record)], phase);
    reservation.ownsHardware = false;
    reservation.pin.fault = error.message;
    return reservation;
  }
}

function ownClaim({ resource }: ReservationRecord): Claim {
  const gpio = /^GPIO(\d+)$/.exec(resource)?.[1];
  return { key: gpio === undefined ? resource : `gpio:${gpio}`, share: null };
}
