import type { PendingNode } from "@pi-controller/schema";
import { useMay } from "../identity/identity-context.ts";
import { useSession } from "../session/session-context.ts";
import { type Loaded, useLoaded } from "../session/use-loaded.ts";

/** Nodes come rarely: every so many refreshes of the page are often enough to see one come. */
const EVERY_REFRESHES = 2;

/** The nodes that wait to be admitted, kept fresh; none for somebody who may not see them. */
export function usePendingNodes(): Loaded<readonly PendingNode[]> {
  const may = useMay()("list", "pending-nodes");
  const round = Math.floor(useSession().refreshes.value / EVERY_REFRESHES);
  return useLoaded<readonly PendingNode[]>(
    (client, call) => (may ? client.pendingNodes.list(call) : Promise.resolve([])),
    [may, may ? round : 0],
  );
}
