import type { NodeView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { usePinRights } from "../access/pin-rights.ts";
import { Ago } from "../components/ago.tsx";
import { Icon } from "../components/icon.tsx";
import { Labels } from "../components/labels.tsx";
import { StateBadge, stateMeanings } from "../components/state-badge.tsx";
import { EventList } from "../events/event-list.tsx";
import { useEventLog } from "../events/use-event-log.ts";
import { formatDuration } from "../format/duration.ts";
import { useMay, useMayWithAuthority } from "../identity/identity-context.ts";
import { MetricsPanel } from "../metrics/metrics-panel.tsx";
import { useAge, useSession } from "../session/session-context.ts";
import { EditDialog } from "./edit-dialog.tsx";
import { NodeFacts } from "./node-facts.tsx";
import { PinsPanel } from "./pins-panel.tsx";
import { RemoveDialog } from "./remove-dialog.tsx";
import { RevokeDialog } from "./revoke-dialog.tsx";

/** Everything about one node. */
export function NodePage({ id }: { readonly id: string }) {
  const { nodes, connection } = useSession();
  const known = nodes.value;
  const node = known?.value.find((candidate) => candidate.id === id);
  return (
    <>
      <p class="back">
        <a href="/">
          <Icon name="back" /> All nodes
        </a>
      </p>
      {node !== undefined ? (
        <NodeDetails node={node} />
      ) : known === null ? (
        <p class="empty">
          {connection.value.phase === "lost" ? "Nothing is known yet." : "Asking the peer …"}
        </p>
      ) : (
        <section class="empty">
          <h1>No such node</h1>
          <p>
            The mesh has no node <code>{id}</code>. It may have been removed.
          </p>
        </section>
      )}
    </>
  );
}

function NodeDetails({ node }: { readonly node: NodeView }) {
  const { lost } = useSession();
  const [open, setOpen] = useState<"edit" | "remove" | "revoke" | null>(null);
  const may = useMay();
  const maySeePins = usePinRights()("list") && node.kind === "peer";
  // A peer has keys: to take it out of the roster is not enough, it must be cut off.
  const mayRevoke = useMayWithAuthority()("revoke", "nodes", node.id) && node.kind === "peer";
  const mayRemove = node.kind === "manual" && may("delete", "nodes", node.id);
  const close = () => setOpen(null);
  return (
    <>
      <div class="title">
        <h1>{node.name}</h1>
        <StateBadge state={node.membership.state} />
        {node.self && <span class="tag">this peer</span>}
        <Labels labels={node.labels} />
        <div class="title-actions">
          {may("update", "nodes", node.id) && (
            <button type="button" disabled={lost.value} onClick={() => setOpen("edit")}>
              <Icon name="pencil" /> Edit
            </button>
          )}
          {mayRemove && (
            <button type="button" class="danger" disabled={lost.value} onClick={() => setOpen("remove")}>
              <Icon name="remove" /> Remove
            </button>
          )}
          {mayRevoke && (
            <button type="button" class="danger" disabled={lost.value} onClick={() => setOpen("revoke")}>
              <Icon name="lock" /> Revoke
            </button>
          )}
        </div>
      </div>
      <Standing node={node} />
      {node.kind === "manual" ? (
        <p class="panel">No peer runs on this machine yet, so nothing of it is measured.</p>
      ) : (
        may("get", "metrics", node.id) && <MetricsPanel node={node} />
      )}
      {maySeePins && <PinsPanel node={node} />}
      <NodeFacts node={node} />
      {may("list", "events") && <NodeEvents id={node.id} />}
      {open === "edit" && <EditDialog id={node.id} onClose={close} />}
      {open === "remove" && <RemoveDialog node={node} onClose={close} />}
      {open === "revoke" && <RevokeDialog node={node} onClose={close} />}
    </>
  );
}

function Standing({ node }: { readonly node: NodeView }) {
  const { lost } = useSession();
  const { state, since } = node.membership;
  const ageMs = useAge(since);
  const standing = lost.value
    ? `Was ${state} when this page's peer last answered`
    : capitalized(node.kind === "manual" ? "no peer runs there" : stateMeanings[state]) +
      (ageMs === null ? "" : `; ${state} for ${formatDuration(ageMs)}`);
  return (
    <p class="muted">
      {standing}; last sign of life: <Ago timestamp={node.lastSeen} />
    </p>
  );
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function NodeEvents({ id }: { readonly id: string }) {
  const log = useEventLog({ type: "", node: id, correlation: "" }, 20);
  return (
    <section class="panel" aria-label="Events of this node">
      <h2>Events</h2>
      <EventList items={log.items} ofOneNode />
      {log.problem !== null && <p class="problem">{log.problem}</p>}
      {log.more && (
        <button type="button" class="quiet" onClick={log.loadMore}>
          Older events
        </button>
      )}
    </section>
  );
}
