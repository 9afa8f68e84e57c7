import type { CallOptions } from "@pi-controller/client";
import { MeshError, type MeshEvent } from "@pi-controller/schema";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useSession } from "../session/session-context.ts";
import { type FeedItem, mergeTimeline } from "./event-feed.ts";
import { type EventFilter, matchesEvent } from "./event-filter.ts";

/** Older events are loaded up to so many; the log is for looking back, not for browsing a year. */
const MAX_LOADED = 2000;

interface Loaded {
  readonly events: readonly MeshEvent[];
  readonly cursor: string | null;
}

export interface EventLog {
  /** Live and older events that match, and notices of what was missed; newest first. */
  readonly items: readonly FeedItem[];
  readonly loading: boolean;
  readonly problem: string | null;
  /** There are older ones. */
  readonly more: boolean;
  readonly loadMore: () => void;
}

/**
 * Events that match, from the peer's log and from the live stream. The log is read again when the stream has
 * missed something.
 *
 * @param pageSize how many older ones are loaded at once
 */
export function useEventLog(filter: EventFilter, pageSize: number): EventLog {
  const session = useSession();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { type, node, correlation } = filter;
  const gaps = session.gaps.value;
  const { reconnects, phase } = session.connection.value;
  const { items: live } = session.feed.value;

  useEffect(() => setLoaded(null), [type, node, correlation]);

  const read = async (cursor: string | null, call: CallOptions) => {
    const query = {
      limit: pageSize,
      ...(type === "" ? {} : { type }),
      ...(node === "" ? {} : { node }),
      ...(correlation === "" ? {} : { correlationId: correlation }),
      ...(cursor === null ? {} : { cursor }),
    };
    try {
      const { items, nextCursor } = await session.client.events.list(query, call);
      setProblem(null);
      setLoaded((before) => {
        // Older ones that come after the filter has changed belong to nothing any more.
        if (cursor !== null && before?.cursor !== cursor) return before;
        const newer = cursor === null ? [] : (before?.events ?? []);
        return { events: [...newer, ...items].slice(0, MAX_LOADED), cursor: nextCursor };
      });
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      if (error.code !== "CANCELLED") setProblem(error.message);
    }
  };

  const connected = phase === "connected";
  useEffect(() => {
    const cancelled = new AbortController();
    void read(null, { signal: cancelled.signal });
    return () => cancelled.abort();
  }, [session, type, node, correlation, pageSize, gaps, reconnects, connected]);

  const items = useMemo(() => {
    const matching = live.filter(
      (item) => item.kind === "notice" || matchesEvent(item.event, { type, node, correlation }),
    );
    return mergeTimeline(matching, loaded?.events ?? []);
  }, [live, loaded, type, node, correlation]);
  const cursor = loaded?.cursor ?? null;
  return {
    items,
    loading: loaded === null && problem === null,
    problem,
    more: cursor !== null && (loaded?.events.length ?? 0) < MAX_LOADED,
    loadMore: () => void read(cursor, {}),
  };
}
