import type { EventStreamQuery } from "@pi-controller/schema";
import type { EventReader } from "../event-reader.ts";

export interface StreamStart {
  /** Events after this sequence number are sent. */
  readonly cursor: number;
  /** True when the client has missed events that cannot be sent. */
  readonly gap: boolean;
}

/**
 * Where a stream begins. Without a position of this log it begins now: to send all that the log has to
 * somebody who did not ask for it would be a surprise.
 */
export function startOf(
  query: Pick<EventStreamQuery, "after" | "log">,
  events: Pick<EventReader, "logId" | "latestSequence" | "oldestSequence">,
): StreamStart {
  const latest = events.latestSequence;
  const { after, log } = query;
  if (after === undefined) return { cursor: latest, gap: false };
  if (after > latest || (log !== undefined && log !== events.logId)) return { cursor: latest, gap: true };
  const beforeOldest = lastGone(events);
  return { cursor: Math.max(after, beforeOldest), gap: after < beforeOldest };
}

/** The newest sequence number that is no longer in the log; 0 when all still are. */
export function lastGone(events: Pick<EventReader, "latestSequence" | "oldestSequence">): number {
  const { oldestSequence } = events;
  return oldestSequence === undefined ? events.latestSequence : oldestSequence - 1;
}
