import type { ReservationId, ReservationRecord } from "@pi-controller/schema";
import { conflictOf } from "./claims.ts";
import type { Entry, Ledger } from "./ledger.ts";

/** The order in line: higher priority first, then who came first (ids of one owner rise with time). */
function compareInLine(one: ReservationRecord, other: ReservationRecord): number {
  if (one.priority !== other.priority) return other.priority - one.priority;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

/** Those that wait, the first in line first. */
export function waitersInOrder(ledger: Ledger): readonly Entry[] {
  return [...ledger.entries.values()]
    .filter((entry) => entry.record.state === "waiting")
    .sort((one, other) => compareInLine(one.record, other.record));
}

/** Those that wait for something of the same, and go first. */
export function waitersAhead(ledger: Ledger, asked: Pick<Entry, "record" | "claims">): readonly Entry[] {
  return waitersInOrder(ledger).filter(
    ({ record, claims }) =>
      compareInLine(record, asked.record) < 0 && conflictOf(asked.claims, claims) !== undefined,
  );
}

/** Place in line from 1; null for one that does not wait. */
export function positionOf(ledger: Ledger, id: ReservationId): number | null {
  const entry = ledger.entries.get(id);
  return entry?.record.state === "waiting" ? waitersAhead(ledger, entry).length + 1 : null;
}
