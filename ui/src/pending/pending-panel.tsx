import type { PendingNode } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { ApproveDialog } from "./approve-dialog.tsx";
import { PendingList } from "./pending-list.tsx";
import { usePendingNodes } from "./use-pending-nodes.ts";

/** The nodes that wait to be admitted; nothing when none does. */
export function PendingPanel() {
  const pending = usePendingNodes();
  const [approving, setApproving] = useState<PendingNode | null>(null);
  const nodes = pending.value ?? [];
  return (
    <>
      {nodes.length > 0 && (
        <section class="panel pending" aria-labelledby="pending-title">
          <h2 id="pending-title">
            {nodes.length === 1 ? "A node waits" : `${nodes.length} nodes wait`} to be admitted
          </h2>
          <PendingList nodes={nodes} onApprove={setApproving} />
        </section>
      )}
      <p class="visually-hidden" role="status">
        {nodes.length === 0 ? "" : `Waiting to be admitted: ${nodes.map(({ name }) => name).join(", ")}`}
      </p>
      {approving !== null && (
        <ApproveDialog
          node={approving}
          onClose={() => {
            setApproving(null);
            pending.reload();
          }}
        />
      )}
    </>
  );
}
