import { StateBadge } from "../components/state-badge.tsx";
import { useMay } from "../identity/identity-context.ts";
import { query, replaceQuery } from "../route/location.ts";
import { shortId, useNameOf, useSession } from "../session/session-context.ts";
import { StopButton } from "../stops/stop-button.tsx";
import { chosenNode, nodesWithPins } from "./chosen-node.ts";
import { NodePinsView } from "./node-pins-view.tsx";

/** The header of one node, which the address bar remembers. */
export function HeaderSection() {
  const { nodes, connection } = useSession();
  const nameOf = useNameOf();
  const maySeeNodes = useMay()("list", "nodes");
  const known = nodes.value?.value ?? [];
  const id = chosenNode(query.value.get("node"), known);
  if (id === null) {
    const waiting = connection.value.phase === "lost" ? "Nothing is known yet." : "Asking the peer …";
    return (
      <p class="empty">
        {maySeeNodes ? waiting : "You may not see the nodes. The list of reservations leads to their pins."}
      </p>
    );
  }
  const candidates = nodesWithPins(known);
  const node = candidates.find((candidate) => candidate.id === id);
  return (
    <>
      <div class="toolbar">
        <label>
          Node{" "}
          <select
            value={id}
            onChange={(event) => replaceQuery({ node: event.currentTarget.value, resource: null })}
          >
            {node === undefined && <option value={id}>{shortId(id)}</option>}
            {candidates.map(({ id: choice, name }) => (
              <option key={choice} value={choice}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {node !== undefined && <StateBadge state={node.membership.state} />}
        <StopButton node={{ id, name: nameOf(id) }} />
      </div>
      {/* A key of its own: nothing of one node's pins must stay when another's are shown. */}
      <NodePinsView key={id} id={id} />
    </>
  );
}
