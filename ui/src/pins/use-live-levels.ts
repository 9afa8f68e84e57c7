import type { NodeId } from "@pi-controller/schema";
import { useEffect, useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { useSession } from "../session/session-context.ts";
import { type LiveLevels, noLevels, withChanges, withInterruption, withLink } from "./live-levels.ts";

/** Follows the changes at the pins of a node while the page shows them. */
export function useLiveLevels(node: NodeId): LiveLevels {
  const { client } = useSession();
  const mayWatch = usePinRights()("watch");
  const [levels, setLevels] = useState(noLevels);
  useEffect(() => {
    setLevels(noLevels);
    if (!mayWatch) return;
    let left = false;
    const stream = client.gpio.follow(
      { node },
      {
        onChanges: (changes, coalesced) => setLevels((before) => withChanges(before, changes, coalesced)),
        onInterruption: (interrupted, reason) =>
          setLevels((before) => withInterruption(before, interrupted, reason)),
        // Its own end is told, too, when another node is looked at by then.
        onStatus: (status) => {
          if (!left) setLevels((before) => withLink(before, status));
        },
      },
    );
    return () => {
      left = true;
      stream.close();
    };
  }, [client, node, mayWatch]);
  return levels;
}
