import type { Unsubscribe } from "@pi-controller/runtime";
import type { EventPage, MeshEvent, NodeId } from "@pi-controller/schema";

/** Which events; what is left out does not restrict. */
export interface EventFilter {
  /** Types, and `cluster.node.*` for all that start so; an event matches when one of them does. */
  readonly types?: readonly string[] | undefined;
  readonly node?: NodeId | undefined;
  readonly correlationId?: string | undefined;
  /** From this moment on, in ms since 1970, by the clock of the node where it happened. */
  readonly sinceMs?: number | undefined;
  /** Before this moment. */
  readonly untilMs?: number | undefined;
}

export interface SequencedEvent {
  /** Counts this peer's log in the order of arrival, from 1. */
  readonly sequence: number;
  readonly event: MeshEvent;
}

/**
 * Port: this peer's event log, for reading. What a listener of `observe` is told can be read with `after`
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

/** The filter that the API's query parameters ask for: types are separated by commas there, times are text. */
export function eventFilterOf(query: {
  readonly type?: string | undefined;
  readonly node?: NodeId | undefined;
  readonly correlationId?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}): EventFilter {
  const { type, node, correlationId, since, until } = query;
  return {
    types: type?.split(",").map((one) => one.trim()),
    node,
    correlationId,
    sinceMs: since === undefined ? undefined : Date.parse(since),
    untilMs: until === undefined ? undefined : Date.parse(until),
  };
}
