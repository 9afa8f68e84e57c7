import type { MeshEvent, MetricsSample, NodeView } from "@pi-controller/schema";

/** A plausible sample for tests, with what the test is about changed. */
export function sampleOf(changes: Partial<MetricsSample>): MetricsSample {
  return {
    time: "2026-11-21T05:00:00.000Z",
    uptimeSeconds: 3600,
    cpuUsage: 0.25,
    load: [0.5, 0.4, 0.3],
    memoryUsedBytes: 1024 ** 3,
    memoryTotalBytes: 4 * 1024 ** 3,
    diskUsedBytes: null,
    diskTotalBytes: null,
    temperatureCelsius: 48.3,
    throttling: null,
    network: [],
    processMemoryBytes: 80 * 1024 ** 2,
    ...changes,
  };
}

/** A node for tests: alive, measuring, and heard of just now. */
export function nodeOf(changes: Partial<NodeView>): NodeView {
  const sample = sampleOf({});
  return {
    id: "12D3KooWtest0001",
    kind: "peer",
    name: "pi-a",
    labels: {},
    createdAt: "2026-11-21T04:00:00.000Z",
    updatedAt: "2026-11-21T04:00:00.000Z",
    self: false,
    membership: { state: "alive", since: "2026-11-21T04:00:00.000Z", incarnation: 0, bootEpoch: 1 },
    lastSeen: "2026-11-21T05:00:00.000Z",
    addresses: [],
    apiUrls: [],
    version: "0.1.0",
    board: null,
    metrics: {
      status: "current",
      asOf: sample.time,
      ageMs: 0,
      membership: "alive",
      value: sample,
      lastValue: sample,
    },
    ...changes,
  };
}

/** An event for tests. */
export function eventOf(changes: Partial<MeshEvent>): MeshEvent {
  return {
    id: "01KAJ000000000000000000000",
    type: "cluster.node.alive",
    timestamp: "2026-11-21T05:00:00.000Z",
    source: "12D3KooWtest0001",
    node: "12D3KooWtest0001",
    correlationId: "test",
    data: {},
    ...changes,
  };
}
