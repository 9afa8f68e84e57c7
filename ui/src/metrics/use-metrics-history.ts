import { MeshError, type MetricsSample, type NodeId, type NodeMetrics } from "@pi-controller/schema";
import { useEffect, useRef, useState } from "preact/hooks";
import type { PeerClock } from "../connection/peer-clock.ts";
import { useSession } from "../session/session-context.ts";
import { mergeSamples } from "./series.ts";

/** As many as the API gives at once: more than an hour of samples every 2 s. */
const MAX_SAMPLES = 2000;

export interface MetricsHistory {
  /** Oldest first. */
  readonly samples: readonly MetricsSample[];
  /** Why there is nothing newer; null while all is well. */
  readonly problem: string | null;
  readonly loaded: boolean;
  /** The clock of the node that measured, for where "now" is in its charts; null when it never told. */
  readonly nodeClock: PeerClock | null;
}

const nothing: MetricsHistory = { samples: [], problem: null, loaded: false, nodeClock: null };

/**
 * The history of one node's metrics: all of it at first, and after the peer was gone; then with every refresh
 * of the session what is new.
 */
export function useMetricsHistory(id: NodeId): MetricsHistory {
  const session = useSession();
  const [history, setHistory] = useState(nothing);
  const latest = useRef(history);
  const fetchedAfter = useRef(-1);
  const busy = useRef(false);
  const leaving = useRef<AbortController | null>(null);
  const refreshes = session.refreshes.value;
  const { reconnects } = session.connection.value;

  useEffect(() => {
    const cancelled = new AbortController();
    leaving.current = cancelled;
    return () => cancelled.abort();
  }, [session, id]);

  useEffect(() => void readNewer(), [session, id, refreshes, reconnects]);

  const readNewer = async () => {
    // A slow answer is waited for: what is newer by then comes with the next refresh.
    if (busy.current) return;
    busy.current = true;
    const known = fetchedAfter.current === reconnects ? latest.current.samples : [];
    const since = known.at(-1)?.time;
    const signal = leaving.current?.signal;
    try {
      const answer = await session.client.nodes.metrics(
        id,
        { limit: MAX_SAMPLES, ...(since === undefined ? {} : { since }) },
        signal === undefined ? {} : { signal },
      );
      fetchedAfter.current = reconnects;
      latest.current = {
        samples: mergeSamples(known, answer.history, MAX_SAMPLES),
        problem: null,
        loaded: true,
        nodeClock: clockOf(answer.last, session.monotonic()),
      };
      setHistory(latest.current);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      if (error.code === "CANCELLED") return;
      latest.current = { ...latest.current, problem: error.message };
      setHistory(latest.current);
    } finally {
      busy.current = false;
    }
  };
  return history;
}

function clockOf({ asOf, ageMs }: NodeMetrics["last"], heardAt: number): PeerClock | null {
  return asOf === null || ageMs === null ? null : { toldMs: Date.parse(asOf) + ageMs, heardAt };
}
