import { useState } from "preact/hooks";
import { Icon } from "../components/icon.tsx";
import { useMay, useMayWithAuthority } from "../identity/identity-context.ts";
import { AddNodeDialog } from "../pending/add-node-dialog.tsx";
import { PendingPanel } from "../pending/pending-panel.tsx";
import { query } from "../route/location.ts";
import { useSession } from "../session/session-context.ts";
import { FirstSteps } from "./first-steps.tsx";
import { matchesFilter, parseState } from "./node-filter.ts";
import { parseNodeOrder, sortNodes } from "./node-order.ts";
import { NodeTable } from "./node-table.tsx";
import { NodesToolbar } from "./nodes-toolbar.tsx";
import { RegisterDialog } from "./register-dialog.tsx";

/** Rows beyond these are drawn only when asked for: a thousand of them make a phone slow. */
const FIRST_ROWS = 150;

/** All nodes, live. */
export function NodesPage() {
  const { nodes, connection, lost } = useSession();
  const [open, setOpen] = useState<"add" | "register" | null>(null);
  const may = useMay();
  const mayAdd = useMayWithAuthority()("approve", "pending-nodes");
  const [showAll, setShowAll] = useState(false);
  const all = nodes.value?.value;
  const filter = { search: query.value.get("q") ?? "", state: parseState(query.value.get("state")) };
  const order = parseNodeOrder(query.value.get("sort")) ?? { column: "name", descending: false };
  const matching = sortNodes(
    (all ?? []).filter((node) => matchesFilter(node, filter)),
    order,
  );
  const shown = showAll ? matching : matching.slice(0, FIRST_ROWS);
  return (
    <>
      <div class="title">
        <h1>Nodes</h1>
        <div class="title-actions">
          {may("create", "nodes") && (
            <button type="button" disabled={lost.value} onClick={() => setOpen("register")}>
              Register a machine
            </button>
          )}
          {mayAdd && (
            <button type="button" class="primary" disabled={lost.value} onClick={() => setOpen("add")}>
              <Icon name="plus" /> Add a node
            </button>
          )}
        </div>
      </div>
      {all === undefined ? (
        <p class="empty">
          {connection.value.phase === "lost" ? "Nothing is known yet." : "Asking the peer …"}
        </p>
      ) : (
        <>
          <PendingPanel />
          <NodesToolbar nodes={all} filter={filter} order={order} />
          {matching.length > 0 ? (
            <NodeTable nodes={shown} order={order} />
          ) : (
            <p class="empty">No node matches.</p>
          )}
          {shown.length < matching.length && (
            <button type="button" onClick={() => setShowAll(true)}>
              Show all {matching.length}
            </button>
          )}
          {all.length === 1 && all[0]?.self && mayAdd && <FirstSteps onAdd={() => setOpen("add")} />}
        </>
      )}
      {open === "register" && <RegisterDialog onClose={() => setOpen(null)} />}
      {open === "add" && <AddNodeDialog onClose={() => setOpen(null)} />}
    </>
  );
}
