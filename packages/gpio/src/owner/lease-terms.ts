import type { ReservationRecord } from "@pi-controller/schema";
import type { Leases } from "./lease-file.ts";
import type { MachineTime } from "./machine-time.ts";

/** What the clocks say at a start. */
export interface StartTimes {
  readonly bootId: string;
  readonly uptimeMs: number;
  /** Wall clock that can be trusted not to lie before what is known to have happened. */
  readonly wallMs: number;
}

export type TermAtStart =
  /** `endsAtMs` of the machine's monotonic clock; null: until it is released. */
  | { readonly kind: "stands"; readonly endsAtMs: number | null; readonly ttlMs: number | null }
  | { readonly kind: "over" };

const OVER: TermAtStart = { kind: "over" };

/**
 * Whether a grant still stands after this process was away, and until when. While the machine went on, its monotonic
 * clock knows exactly. After a restart of the machine the wall clock has to do: then it is over when in doubt, and
 * never stands longer than one term from now, whatever the clock was set to.
 *
 * @param leases what was written down last; undefined when that is lost: then only the term as granted counts
 */
export function termAtStart(
  record: ReservationRecord,
  leases: Leases | undefined,
  now: StartTimes,
): TermAtStart {
  if (isMarkedAsEnded(record)) return OVER;
  if (record.ttlMs === null) return { kind: "stands", endsAtMs: null, ttlMs: null };
  const lease = leases?.leases[ulidOf(record.id)];
  const granted = record.uptimeEnd?.bootId === now.bootId ? record.uptimeEnd : undefined;
  if (granted !== undefined) {
    const grantedAtMs = granted.endsAtMs - record.ttlMs;
    const isNoted = lease !== undefined && leases?.bootId === now.bootId && leases.uptimeMs >= grantedAtMs;
    if (!isNoted) return until(granted.endsAtMs - now.uptimeMs, record.ttlMs, now);
  }
  if (leases !== undefined && lease !== undefined) {
    const { endsAtMs, ttlMs } = lease;
    if (leases.bootId === now.bootId) return until(endsAtMs - now.uptimeMs, ttlMs, now);
    if (now.wallMs < leases.wallMs) return OVER;
    return until(leases.wallMs + (endsAtMs - leases.uptimeMs) - now.wallMs, ttlMs, now);
  }
  if (record.expiresAt === null || record.grantedAt === null) return OVER;
  if (now.wallMs < Date.parse(record.grantedAt)) return OVER;
  return until(Date.parse(record.expiresAt) - now.wallMs, record.ttlMs, now);
}

/** The end of something that begins now and lasts so long, for a record. */
export function uptimeEndIn(
  durationMs: number | null,
  { bootId, uptimeMs }: MachineTime,
): Pick<ReservationRecord, "uptimeEnd"> {
  return durationMs === null ? {} : { uptimeEnd: { bootId, endsAtMs: uptimeMs() + durationMs } };
}

/** When one that waits gives up, by the monotonic clock; at most as long from now as it was to wait in all. */
export function waitAtStart(record: ReservationRecord, now: StartTimes): number {
  if (record.uptimeEnd?.bootId === now.bootId) return record.uptimeEnd.endsAtMs;
  if (record.waitsUntil === null) return now.uptimeMs;
  const untilMs = Date.parse(record.waitsUntil);
  const wholeMs = untilMs - Date.parse(record.requestedAt);
  return now.uptimeMs + Math.min(untilMs - now.wallMs, wholeMs);
}

/** One whose end has begun and could not be finished: its pin would not go to its safe state. */
export function markedAsEnded(record: ReservationRecord): ReservationRecord {
  return { ...record, expiresAt: record.grantedAt };
}

function isMarkedAsEnded({ expiresAt, grantedAt }: ReservationRecord): boolean {
  return expiresAt !== null && grantedAt !== null && Date.parse(expiresAt) <= Date.parse(grantedAt);
}

/** What tells reservations of one node apart. */
export function ulidOf(id: string): string {
  return id.slice(id.indexOf("-") + 1);
}

function until(remainingMs: number, ttlMs: number, { uptimeMs }: StartTimes): TermAtStart {
  if (remainingMs <= 0) return OVER;
  return { kind: "stands", endsAtMs: uptimeMs + Math.min(remainingMs, ttlMs), ttlMs };
}
