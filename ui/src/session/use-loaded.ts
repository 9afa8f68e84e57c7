import type { CallOptions, Client } from "@pi-controller/client";
import { MeshError } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { useSession } from "./session-context.ts";

/** Something that a page asked the peer for. */
export interface Loaded<Value> {
  /** What came last; null before the first answer. */
  readonly value: Value | null;
  readonly error: MeshError | null;
  readonly reload: () => void;
  /** Takes over what the answer to a write has told. */
  readonly replace: (value: Value) => void;
}

/**
 * Asks the peer for something when the page opens, when one of `dependencies` changes, and when the peer is back
 * after it was gone. What was known stays while it is asked again.
 */
export function useLoaded<Value>(
  load: (client: Client, call: CallOptions) => Promise<Value>,
  dependencies: readonly unknown[] = [],
): Loaded<Value> {
  const session = useSession();
  const [value, setValue] = useState<Value | null>(null);
  const [error, setError] = useState<MeshError | null>(null);
  const [round, setRound] = useState(0);
  const { reconnects } = session.connection.value;
  useEffect(() => {
    const cancelled = new AbortController();
    const read = async () => {
      try {
        const answer = await load(session.client, { signal: cancelled.signal });
        if (cancelled.signal.aborted) return;
        setValue(answer);
        setError(null);
      } catch (caught) {
        if (!(caught instanceof MeshError)) throw caught;
        if (caught.code !== "CANCELLED") setError(caught);
      }
    };
    void read();
    return () => cancelled.abort();
  }, [session, round, reconnects, ...dependencies]);
  return { value, error, reload: () => setRound(round + 1), replace: setValue };
}
