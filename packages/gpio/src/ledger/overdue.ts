import type { ReservationId } from "@pi-controller/schema";
import type { EndReason, Entry, Ledger } from "./ledger.ts";

interface Deadline {
  readonly id: ReservationId;
  readonly atMs: number;
  readonly reason: EndReason;
}

/** See `LedgerDecisions`. A term of which nothing is left is over: it stands while `nowMs < endsAtMs`. */
export function overdue(ledger: Ledger, nowMs: number) {
  const deadlines = [...ledger.entries.values()].flatMap((entry) => deadlineOf(entry) ?? []);
  const ended = deadlines.filter(({ atMs }) => atMs <= nowMs).sort(byTime);
  const nextMs = deadlines.reduce<number | null>(
    (next, { atMs }) => (atMs > nowMs && (next === null || atMs < next) ? atMs : next),
    null,
  );
  return { ended: ended.map(({ id, reason }) => ({ id, reason })), nextMs };
}

/** The first thing that ends it. */
function deadlineOf({ record, endsAtMs, lastWriteMs }: Entry): Deadline | undefined {
  const { id, watchdogMs, state } = record;
  const term: Deadline | undefined =
    endsAtMs === null
      ? undefined
      : { id, atMs: endsAtMs, reason: state === "granted" ? "expired" : "gave up waiting" };
  if (watchdogMs === null || state === "waiting") return term;
  const watchdog: Deadline = { id, atMs: lastWriteMs + watchdogMs, reason: "watchdog" };
  return term !== undefined && term.atMs <= watchdog.atMs ? term : watchdog;
}

function byTime(one: Deadline, other: Deadline): number {
  return one.atMs - other.atMs || (one.id < other.id ? -1 : 1);
}
