import type { NodeUseCases } from "@pi-controller/nodes";
import {
  type MeshView,
  type MetricsSample,
  membershipStateSchema,
  type NodeView,
} from "@pi-controller/schema";
import type { Labels, MetricFamily, MetricSample, MetricSource } from "./text.ts";

const PAGE = 500;

/** Figures of all nodes that this peer knows. What is not current is left out, never shown as if it were. */
export class NodeMetricSource implements MetricSource {
  readonly #nodes: Pick<NodeUseCases, "list" | "mesh">;

  constructor(nodes: Pick<NodeUseCases, "list" | "mesh">) {
    this.#nodes = nodes;
  }

  collect(): readonly MetricFamily[] {
    const views = this.#all();
    return [...nodeFamilies(views), ...sampleFamilies(views), ...meshFamilies(this.#nodes.mesh())];
  }

  #all(): readonly NodeView[] {
    const views: NodeView[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = this.#nodes.list({ limit: PAGE, sort: "name", cursor: cursor ?? undefined });
      views.push(...page.items);
      cursor = page.nextCursor;
    }
    return views;
  }
}

function nodeFamilies(views: readonly NodeView[]): MetricFamily[] {
  return [
    gauge("node_info", "What a node is; always 1", views, (view) => [
      {
        labels: {
          name: view.name,
          kind: view.kind,
          version: view.version ?? "",
          board: view.board?.family ?? "",
        },
        value: 1,
      },
    ]),
    gauge("node_membership", "1 for the state that this peer believes a node to be in", views, (view) =>
      membershipStateSchema.options.map((state) => ({
        labels: { state },
        value: view.membership.state === state ? 1 : 0,
      })),
    ),
    gauge("node_boot_epoch", "Grows with every start of a node's peer", views, (view) =>
      one(view.membership.bootEpoch),
    ),
    gauge("node_metrics_age_seconds", "How long ago this peer heard a node's metrics", views, (view) =>
      one(view.metrics.ageMs === null ? null : view.metrics.ageMs / 1_000),
    ),
  ];
}

type Figure = (sample: MetricsSample) => number | null;

const plainGauges: readonly (readonly [name: string, help: string, value: Figure])[] = [
  ["node_uptime_seconds", "How long the machine is up", (sample) => sample.uptimeSeconds],
  ["node_cpu_usage_ratio", "Share of all cores in use", (sample) => sample.cpuUsage],
  ["node_memory_used_bytes", "Memory in use", (sample) => sample.memoryUsedBytes],
  ["node_memory_total_bytes", "Memory of the machine", (sample) => sample.memoryTotalBytes],
  ["node_disk_used_bytes", "Root file system in use", (sample) => sample.diskUsedBytes],
  ["node_disk_total_bytes", "Size of the root file system", (sample) => sample.diskTotalBytes],
  ["node_temperature_celsius", "Temperature of the processor", (sample) => sample.temperatureCelsius],
  ["node_process_memory_bytes", "Resident memory of the node's peer", (sample) => sample.processMemoryBytes],
];

function sampleFamilies(views: readonly NodeView[]): MetricFamily[] {
  const of = (value: (sample: MetricsSample) => readonly MetricSample[]) => (view: NodeView) =>
    view.metrics.value === null ? [] : value(view.metrics.value);
  return [
    ...plainGauges.map(([name, help, value]) =>
      gauge(
        name,
        help,
        views,
        of((sample) => one(value(sample))),
      ),
    ),
    gauge(
      "node_load_average",
      "Load average over the minutes of the label",
      views,
      of(({ load }) =>
        ["1", "5", "15"].map((minutes, at) => ({ labels: { minutes }, value: load[at] ?? 0 })),
      ),
    ),
    gauge(
      "node_throttling",
      "1 for each flag of the firmware that is set",
      views,
      of(({ throttling }) =>
        Object.entries(throttling ?? {}).map(([flag, set]) => ({ labels: { flag }, value: set ? 1 : 0 })),
      ),
    ),
    {
      ...gauge(
        "node_network_bytes_total",
        "What went over a network interface since it came up",
        views,
        of(({ network }) =>
          network.flatMap((card) => [
            { labels: { interface: card.name, direction: "received" }, value: card.receivedBytes },
            { labels: { interface: card.name, direction: "sent" }, value: card.sentBytes },
          ]),
        ),
      ),
      type: "counter",
    },
  ];
}

function meshFamilies(mesh: MeshView): MetricFamily[] {
  const sum = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    name: `picontroller_${name}`,
    help,
    type: "gauge",
    samples,
  });
  return [
    sum(
      "mesh_nodes",
      "Nodes by the state that this peer believes them to be in",
      Object.entries(mesh.counts).map(([state, value]) => ({ labels: { state }, value })),
    ),
    sum("mesh_partitioned", "1 while this peer cannot reach several members at once", [
      { value: mesh.partition === null ? 0 : 1 },
    ]),
    sum("mesh_connections", "Open connections to other peers", [{ value: mesh.connections.length }]),
    sum("mesh_local_health", "0 when this peer keeps up with its own probes; more when it is slow itself", [
      { value: mesh.localHealth },
    ]),
    sum("document_bytes", "Encoded size of the shared documents", [
      { labels: { document: "mesh" }, value: mesh.document.meshBytes },
      { labels: { document: "nodes" }, value: mesh.document.nodeBytes },
    ]),
  ];
}

function gauge(
  name: string,
  help: string,
  views: readonly NodeView[],
  samplesOf: (view: NodeView) => readonly MetricSample[],
): MetricFamily {
  const samples = views.flatMap((view) => {
    const node: Labels = { node: view.id };
    return samplesOf(view).map((sample) => ({ ...sample, labels: { ...node, ...sample.labels } }));
  });
  return { name: `picontroller_${name}`, help, type: "gauge", samples };
}

function one(value: number | null): readonly MetricSample[] {
  return value === null ? [] : [{ value }];
}
