import { backoffMs, jitter, type Random } from "@pi-controller/runtime";

/** When somebody out of reach is to be asked. Monotonic ms. */
export interface Inquiry {
  readonly asked: number;
  readonly dueMs: number;
}

/** By whom is asked. */
export type InquirySchedule = ReadonlyMap<string, Inquiry>;

/** Most connections that break come back before this. */
const FIRST_MS = 2_000;
const JITTER_FRACTION = 0.2;
/** A member that is switched off for good costs the others one attempt in ten minutes. */
const AGAIN = { initialMs: 5_000, maximumMs: 10 * 60_000, jitterFraction: JITTER_FRACTION };

/**
 * Pure: the schedule as of now, for those who are out of reach now. Who is back in reach is forgotten: it tells what it
 * knows over its connection.
 */
export function follow(
  schedule: InquirySchedule,
  outOfReach: readonly string[],
  nowMs: number,
  random: Random,
): InquirySchedule {
  const fresh = () => ({ asked: 0, dueMs: nowMs + jitter(random, FIRST_MS, JITTER_FRACTION) });
  return new Map(outOfReach.map((id) => [id, schedule.get(id) ?? fresh()]));
}

/** Pure: who is to be asked now. Whoever was asked least often first: he was in reach last. */
export function nextToAsk(schedule: InquirySchedule, nowMs: number): string | undefined {
  const due = [...schedule].filter(([, { dueMs }]) => dueMs <= nowMs);
  due.sort(([, one], [, other]) => one.asked - other.asked || one.dueMs - other.dueMs);
  return due[0]?.[0];
}

/** Pure: the schedule after somebody was asked, to be asked again after a growing pause. */
export function afterAsking(
  schedule: InquirySchedule,
  id: string,
  nowMs: number,
  random: Random,
): InquirySchedule {
  const asked = (schedule.get(id)?.asked ?? 0) + 1;
  return new Map(schedule).set(id, { asked, dueMs: nowMs + backoffMs(asked, AGAIN, random) });
}
