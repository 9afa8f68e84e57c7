import { type MeshView, membershipStateSchema } from "@pi-controller/schema";
import { Ago } from "../components/ago.tsx";
import { type Fact, Facts } from "../components/facts.tsx";
import { Icon } from "../components/icon.tsx";
import { formatMoment } from "../format/moment.ts";
import { formatBytes, formatMilliseconds } from "../format/quantity.ts";
import { nodePath } from "../route/route.ts";
import { useNameOf, useSession } from "../session/session-context.ts";
import { LeavePanel } from "./leave-panel.tsx";

/** How the mesh looks from the peer that answers. */
export function MeshPage() {
  const { mesh, connection } = useSession();
  const view = mesh.value?.value;
  if (view === undefined) {
    return (
      <p class="empty">{connection.value.phase === "lost" ? "Nothing is known yet." : "Asking the peer …"}</p>
    );
  }
  return (
    <>
      <div class="title">
        <h1>The mesh, as {view.name} sees it</h1>
      </div>
      <div class="columns">
        <section class="panel" aria-label="This peer">
          <h2>This peer</h2>
          <Facts facts={peerFacts(view)} />
        </section>
        <section class="panel" aria-label="Shared state">
          <h2>Shared state</h2>
          <Facts facts={stateFacts(view)} />
        </section>
      </div>
      <Connections view={view} />
      <Discovery view={view} />
      <LeavePanel />
    </>
  );
}

function peerFacts(view: MeshView): readonly Fact[] {
  return [
    [
      "Name",
      <a key="name" href={nodePath(view.node)}>
        {view.name}
      </a>,
    ],
    ["Id", <code key="id">{view.node}</code>],
    ["Version", view.version],
    ["Started", <Ago key="started" timestamp={view.startedAt} />],
    ["Boot epoch", String(view.bootEpoch)],
    ["Its clock says", formatMoment(view.asOf)],
    [
      "Mesh addresses",
      <ul key="addresses" class="plain">
        {view.addresses.map((address) => (
          <li key={address}>
            <code>{address}</code>
          </li>
        ))}
      </ul>,
    ],
  ];
}

function stateFacts(view: MeshView): readonly Fact[] {
  const counts = membershipStateSchema.options.map((state) => `${view.counts[state]} ${state}`).join(", ");
  return [
    ["Members", counts],
    [
      "Own health",
      view.localHealth === 0
        ? "good"
        : `${view.localHealth}: it is slow itself, and waits longer before it suspects others`,
    ],
    ["Mesh document", formatBytes(view.document.meshBytes)],
    // The mesh document is one of those counted.
    ["Node documents", `${formatBytes(view.document.nodeBytes)} in ${view.document.documents - 1}`],
    ["Exchanged with others", view.document.synced ? "yes, since it started" : "not since it started"],
    ["Writes", view.document.refusal === null ? "are stored" : `are refused: ${view.document.refusal}`],
  ];
}

function Connections({ view }: { readonly view: MeshView }) {
  const nameOf = useNameOf();
  const sorted = [...view.connections].sort((left, right) =>
    nameOf(left.node) < nameOf(right.node) ? -1 : 1,
  );
  return (
    <section class="panel" aria-label="Connections">
      <h2>Connections ({sorted.length})</h2>
      {sorted.length === 0 ? (
        <p class="muted">None: this peer is connected to no other.</p>
      ) : (
        <table class="plain-table" role="table" aria-label="Connections">
          <thead role="rowgroup">
            <tr role="row">
              {["Node", "Round trip", "Direction", "Opened", "Address"].map((name) => (
                <th key={name} role="columnheader" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {sorted.map((connection) => (
              <tr role="row" key={`${connection.node} ${connection.address} ${connection.openedAt}`}>
                <td role="cell">
                  <a href={nodePath(connection.node)}>{nameOf(connection.node)}</a>
                </td>
                <td role="cell" data-label="Round trip">
                  {connection.roundTripMs === null
                    ? "not measured"
                    : formatMilliseconds(connection.roundTripMs)}
                </td>
                <td role="cell" data-label="Direction">
                  {connection.direction}
                </td>
                <td role="cell" data-label="Opened">
                  <Ago timestamp={connection.openedAt} />
                </td>
                <td role="cell" data-label="Address">
                  <code>{connection.address}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Discovery({ view }: { readonly view: MeshView }) {
  return (
    <section class="panel" aria-label="Discovery">
      <h2>Discovery by mDNS</h2>
      {view.discovery.length === 0 ? (
        <p class="muted">Off: this peer only finds those that it is told of with --join.</p>
      ) : (
        <ul class="discovery">
          {view.discovery.map(({ interface: name, address, status, reason }) => (
            <li key={`${name} ${address}`}>
              <span class={`badge badge-${status === "active" ? "alive" : "dead"}`}>
                <Icon name={status === "active" ? "alive" : "dead"} /> {status}
              </span>
              <b>{name}</b> <code>{address}</code> <span>{reason}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
