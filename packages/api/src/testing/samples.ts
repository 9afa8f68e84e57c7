import type { MeshEvent, MeshView, MetricsSample, NodeView } from "@pi-controller/schema";

const TIME = "2026-11-21T10:00:00.000Z";

/** A node id that looks like a real one. */
export function nodeId(number: number): string {
  return `12D3KooWNode${String(number).padStart(6, "0")}`;
}

export function metricsSample(number: number): MetricsSample {
  return {
    time: TIME,
    uptimeSeconds: 3_600 + number,
    cpuUsage: 0.25,
    load: [0.5, 0.25, 0.125],
    memoryUsedBytes: 256 * 2 ** 20,
    memoryTotalBytes: 512 * 2 ** 20,
    diskUsedBytes: null,
    diskTotalBytes: null,
    temperatureCelsius: 48.5,
    throttling: {
      underVoltage: true,
      frequencyCapped: false,
      throttled: false,
      softTemperatureLimit: false,
      underVoltageOccurred: true,
      throttledOccurred: false,
    },
    network: [{ name: "eth0", receivedBytes: 1_000, sentBytes: 2_000 }],
    processMemoryBytes: 80 * 2 ** 20,
  };
}

export function nodeView(number: number): NodeView {
  const sample = metricsSample(number);
  const alive = number % 5 !== 4;
  const state = alive ? "alive" : "dead";
  return {
    id: nodeId(number),
    kind: "peer",
    name: `pi-${number}`,
    labels: { role: "worker" },
    createdAt: TIME,
    updatedAt: TIME,
    self: number === 0,
    membership: { state, since: TIME, incarnation: 1, bootEpoch: 3 },
    lastSeen: TIME,
    addresses: [`/ip4/127.0.0.1/tcp/${4_000 + number}/p2p/${nodeId(number)}`],
    apiUrls: [`http://127.0.0.1:${8_000 + number}`],
    version: "0.1.0",
    board: {
      model: "Raspberry Pi 5 Model B Rev 1.0",
      family: "pi-5",
      revision: "d04170",
      architecture: "arm64",
      cpuCores: 4,
      memoryBytes: 512 * 2 ** 20,
      gpioChips: [{ name: "gpiochip0", label: "pinctrl-rp1", lines: 54 }],
      i2cBuses: [1],
      spiDevices: ["0.0"],
      pwmChips: [{ name: "pwmchip0", channels: 4 }],
      storage: [{ name: "mmcblk0", type: "sd-card", bytes: 32e9, root: true }],
      operatingSystem: "Debian GNU/Linux 13",
      kernel: "6.12",
      hostname: `pi-${number}`,
      simulated: true,
    },
    metrics: {
      status: alive ? "current" : "unknown",
      asOf: TIME,
      ageMs: 1_500,
      membership: state,
      value: alive ? sample : null,
      lastValue: sample,
    },
  };
}

export function meshView(): MeshView {
  return {
    node: nodeId(0),
    name: "pi-0",
    version: "0.1.0",
    bootEpoch: 3,
    startedAt: TIME,
    asOf: TIME,
    addresses: [`/ip4/127.0.0.1/tcp/4000/p2p/${nodeId(0)}`],
    counts: { alive: 4, suspect: 0, dead: 1, left: 0, unknown: 0 },
    partition: null,
    connections: [
      {
        node: nodeId(1),
        address: "/ip4/127.0.0.1/tcp/4001",
        direction: "outbound",
        roundTripMs: 1,
        openedAt: TIME,
      },
    ],
    discovery: [{ interface: "lo", address: "127.0.0.1", status: "active", reason: "" }],
    document: { meshBytes: 1_000, nodeBytes: 500, documents: 2, synced: true, refusal: null },
    localHealth: 0,
  };
}

/** The event of this number; its id grows with it. */
export function meshEvent(number: number, type = "cluster.node.alive"): MeshEvent {
  return {
    id: `01JD${String(number).padStart(22, "0")}`,
    type,
    timestamp: TIME,
    source: nodeId(0),
    node: nodeId(number % 3),
    correlationId: "test",
    data: { previous: "suspect", bootEpoch: 3, incarnation: number },
  };
}
