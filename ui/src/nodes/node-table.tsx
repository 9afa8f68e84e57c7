import type { NodeView } from "@pi-controller/schema";
import { Ago } from "../components/ago.tsx";
import { Labels } from "../components/labels.tsx";
import { RemoteValue } from "../components/remote-value.tsx";
import { StateBadge } from "../components/state-badge.tsx";
import { formatBytes, formatCelsius, formatPercent } from "../format/quantity.ts";
import { ThrottlingFlags } from "../node/throttling-flags.tsx";
import { replaceQuery } from "../route/location.ts";
import { nodePath } from "../route/route.ts";
import { formatNodeOrder, type NodeColumn, type NodeOrder } from "./node-order.ts";
import { shortModel } from "./short-model.ts";

/** What the columns are called, in the order in which they stand. */
export const columnLabels: Readonly<Record<NodeColumn, string>> = {
  name: "Name",
  state: "State",
  model: "Model",
  lastSeen: "Heard",
  temperature: "Temperature",
  cpu: "CPU",
  memory: "Memory",
};

/** Where the largest first is what one wants to see. */
const largestFirst: readonly NodeColumn[] = ["temperature", "cpu", "memory"];

interface Properties {
  readonly nodes: readonly NodeView[];
  readonly order: NodeOrder;
}

/**
 * The nodes as a table, or on a narrow screen as a card each. The roles are written out because browsers
 * take a table's rows for no rows any more once CSS lays them out differently.
 */
export function NodeTable({ nodes, order }: Properties) {
  return (
    <table class="nodes" role="table" aria-label="Nodes">
      <thead role="rowgroup">
        <tr role="row">
          {(Object.keys(columnLabels) as NodeColumn[]).map((column) => (
            <ColumnHeader key={column} column={column} order={order} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {nodes.map((node) => (
          <NodeRow key={node.id} node={node} />
        ))}
      </tbody>
    </table>
  );
}

function ColumnHeader({ column, order }: { readonly column: NodeColumn; readonly order: NodeOrder }) {
  const active = order.column === column;
  const descending = active ? !order.descending : largestFirst.includes(column);
  const direction = order.descending ? "descending" : "ascending";
  return (
    <th role="columnheader" scope="col" class={`cell-${column}`} aria-sort={active ? direction : "none"}>
      <button type="button" onClick={() => replaceQuery({ sort: formatNodeOrder({ column, descending }) })}>
        {columnLabels[column]}
        <span aria-hidden="true">{active ? (order.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}

function NodeRow({ node }: { readonly node: NodeView }) {
  return (
    <tr role="row" class={`row-${node.membership.state}`}>
      <td role="cell" class="cell-name">
        <a href={nodePath(node.id)}>{node.name}</a>
        {node.self && <span class="tag">this peer</span>}
        {node.kind === "manual" && <span class="tag">by hand</span>}
        <Labels labels={node.labels} />
      </td>
      <td role="cell" class="cell-state">
        <StateBadge state={node.membership.state} />
      </td>
      <td role="cell" class="cell-model">
        <Model node={node} />
        {node.board?.simulated && <span class="tag">simulated</span>}
      </td>
      <td role="cell" class="cell-lastSeen" data-label="Heard">
        <Ago timestamp={node.lastSeen} />
      </td>
      {node.kind === "manual" ? (
        <td role="cell" class="cell-nothing" colSpan={3}>
          No peer runs there: nothing is measured.
        </td>
      ) : (
        <Measured node={node} />
      )}
    </tr>
  );
}

function Model({ node }: { readonly node: NodeView }) {
  if (node.board !== null) return <span title={node.board.model}>{shortModel(node.board.model)}</span>;
  return <span class="muted">{node.kind === "manual" ? node.address : "unknown"}</span>;
}

function Measured({ node }: { readonly node: NodeView }) {
  const throttling = node.metrics.value?.throttling ?? null;
  return (
    <>
      <td role="cell" class="cell-temperature" data-label="Temperature">
        <RemoteValue node={node} select={(sample) => sample.temperatureCelsius} format={formatCelsius} />
        {throttling !== null && <ThrottlingFlags throttling={throttling} nowOnly />}
      </td>
      <td role="cell" class="cell-cpu" data-label="CPU">
        <RemoteValue
          node={node}
          select={(sample) => sample.cpuUsage}
          format={formatPercent}
          ratio={(usage) => usage}
        />
        {node.metrics.value !== null && <small>load {node.metrics.value.load[0].toFixed(2)}</small>}
      </td>
      <td role="cell" class="cell-memory" data-label="Memory">
        <RemoteValue
          node={node}
          select={({ memoryUsedBytes: used, memoryTotalBytes: total }) =>
            total > 0 ? { used, total } : null
          }
          format={({ used, total }) => formatPercent(used / total)}
          ratio={({ used, total }) => used / total}
        />
        {node.metrics.value !== null && <small>of {formatBytes(node.metrics.value.memoryTotalBytes)}</small>}
      </td>
    </>
  );
}
