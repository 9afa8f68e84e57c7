import type { CallOptions } from "@pi-controller/client";
import { type AuditPage, MeshError } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { useSession } from "../../session/session-context.ts";
import { type AuditFilter, queryOfFilter } from "./audit-filter.ts";

const PAGE_SIZE = 100;
const MAX_LOADED = 2000;
/** What is typed is asked for once it rests. */
const SETTLE_MS = 250;

export interface AuditLog {
  /** All that was read so far, as one page; null before the first answer. */
  readonly page: AuditPage | null;
  readonly error: MeshError | null;
  readonly more: boolean;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

/** The audit log of a node, newest first, page after page. */
export function useAuditLog(filter: AuditFilter): AuditLog {
  const session = useSession();
  const [page, setPage] = useState<AuditPage | null>(null);
  const [error, setError] = useState<MeshError | null>(null);
  const [round, setRound] = useState(0);
  const { node, actor, outcome, correlation } = filter;

  const read = async (cursor: string | null, call: CallOptions) => {
    try {
      const answer = await session.client.audit.list(queryOfFilter(filter, cursor, PAGE_SIZE), call);
      setError(null);
      setPage((before) => {
        if (cursor === null) return answer;
        // Older ones that come after the filter has changed belong to nothing any more.
        if (before?.nextCursor !== cursor) return before;
        return { ...answer, items: [...before.items, ...answer.items].slice(0, MAX_LOADED) };
      });
    } catch (caught) {
      if (!(caught instanceof MeshError)) throw caught;
      if (caught.code !== "CANCELLED") setError(caught);
    }
  };

  useEffect(() => setPage(null), [node]);
  useEffect(() => {
    const cancelled = new AbortController();
    const timer = setTimeout(() => void read(null, { signal: cancelled.signal }), SETTLE_MS);
    return () => {
      clearTimeout(timer);
      cancelled.abort();
    };
  }, [session, node, actor, outcome, correlation, round]);

  const cursor = page?.nextCursor ?? null;
  return {
    page,
    error,
    more: cursor !== null && (page?.items.length ?? 0) < MAX_LOADED,
    loadMore: () => void read(cursor, {}),
    reload: () => setRound(round + 1),
  };
}
