import type { Unsubscribe } from "@pi-controller/runtime";
import type { EventPage, MeshEvent } from "@pi-controller/schema";
import type { EventFilter } from "@pi-controller/telemetry";

export interface SequencedEvent {
  /** Counts this peer's log in the order of arrival, from 1. */
  readonly sequence: number;
  readonly event: MeshEvent;
}

/**
 * Port: this peer's event log, for reading; the telemetry package's EventLog is one. What a listener of `observe` is told can be read with `after`
 * from within that call. Any of these may throw MeshError UNAVAILABLE or DATA_LOSS.
 */
export interface EventReader {
  /** Names this log; another one after the database was lost. */
  readonly logId: string;
  /** 0 when there was never an event. */
  readonly latestSequence: number;
  /** The oldest that is still kept; undefined when none is. */
  readonly oldestSequence: number | undefined;
  /** Newest first. @throws MeshError INVALID_ARGUMENT for a cursor that is not of this log */
  query(
    filter: EventFilter,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): EventPage;
  /** The first `limit` matching events with a higher sequence number, oldest first. */
  after(sequence: number, filter: EventFilter, limit: number): readonly SequencedEvent[];
  /** Called with each new event, in order. */
  observe(listener: (event: SequencedEvent) => void): Unsubscribe;
}
