import type { Board, NodeView } from "@pi-controller/schema";
import { type Fact, Facts } from "../components/facts.tsx";
import { formatMoment } from "../format/moment.ts";
import { formatBytes } from "../format/quantity.ts";

/** What a node is: its membership and, when it has told, its board. */
export function NodeFacts({ node }: { readonly node: NodeView }) {
  return (
    <div class="columns">
      <section class="panel" aria-label="Node">
        <h2>Node</h2>
        <Facts facts={nodeFacts(node)} />
      </section>
      <section class="panel" aria-label="Board">
        <h2>Board</h2>
        {node.board === null ? (
          <p class="muted">Unknown: the node has not told yet what it is.</p>
        ) : (
          <Facts facts={boardFacts(node.board)} />
        )}
      </section>
    </div>
  );
}

function nodeFacts(node: NodeView): readonly (Fact | null)[] {
  const { membership } = node;
  const peer = node.kind === "peer";
  return [
    ["Id", <code key="id">{node.id}</code>],
    ["Kind", node.kind === "peer" ? "peer" : "registered by hand"],
    peer ? ["Version", node.version ?? "unknown"] : null,
    peer ? ["Boot epoch", `${membership.bootEpoch} (grows with every start)`] : null,
    peer ? ["Incarnation", `${membership.incarnation} (grows when it refutes a suspicion)`] : null,
    node.address === undefined ? null : ["Address", <code key="address">{node.address}</code>],
    node.macAddress === undefined ? null : ["MAC address", <code key="mac">{node.macAddress}</code>],
    peer ? ["Mesh addresses", list(node.addresses)] : null,
    peer ? ["API", list(node.apiUrls)] : null,
    ["In the mesh since", formatMoment(node.createdAt)],
    ["Changed", formatMoment(node.updatedAt)],
  ];
}

function list(values: readonly string[]) {
  if (values.length === 0) return <span class="muted">unknown</span>;
  return (
    <ul class="plain">
      {values.map((value) => (
        <li key={value}>
          <code>{value}</code>
        </li>
      ))}
    </ul>
  );
}

function boardFacts(board: Board): readonly (Fact | null)[] {
  const none = <span class="muted">none</span>;
  return [
    ["Model", board.simulated ? `${board.model} (simulated)` : board.model],
    board.revision === "" ? null : ["Revision", <code key="revision">{board.revision}</code>],
    board.serial === undefined ? null : ["Serial", <code key="serial">{board.serial}</code>],
    ["Processor", `${board.cpuCores} cores, ${board.architecture}`],
    ["Memory", formatBytes(board.memoryBytes)],
    ["Host name", board.hostname],
    ["System", board.operatingSystem],
    ["Kernel", board.kernel],
    [
      "GPIO",
      board.gpioChips.map(({ name, label, lines }) => `${name} (${label}, ${lines} lines)`).join(", ") ||
        none,
    ],
    ["I2C buses", board.i2cBuses.map((bus) => `i2c-${bus}`).join(", ") || none],
    ["SPI devices", board.spiDevices.map((device) => `spidev${device}`).join(", ") || none],
    ["PWM", board.pwmChips.map(({ name, channels }) => `${name} (${channels} channels)`).join(", ") || none],
    [
      "Storage",
      board.storage
        .map(
          ({ name, type, bytes, root }) => `${name} (${type}, ${formatBytes(bytes)}${root ? ", root" : ""})`,
        )
        .join(", ") || none,
    ],
  ];
}
