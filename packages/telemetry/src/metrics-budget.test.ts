import type { MetricsSample } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUDGET_OF_LARGE_MESH,
  budgetBytesPerSecond,
  bytesPerMessage,
  MAX_NODES,
  PAYLOAD_BYTES,
  pointsPerNode,
  publishIntervalMs,
} from "./metrics-budget.ts";
import { decodeMetrics, encodeMetrics, packSample, unpackSample } from "./metrics-codec.ts";
import { MetricsHistory } from "./metrics-history.ts";

/** As large as a Pi's samples get: two interfaces, months of uptime, large counters. */
const large: MetricsSample = {
  time: "2026-11-21T06:12:34.567Z",
  uptimeSeconds: 31_536_000,
  cpuUsage: 0.987,
  load: [12.34, 11.22, 10.11],
  memoryUsedBytes: 15 * 2 ** 30,
  memoryTotalBytes: 16 * 2 ** 30,
  diskUsedBytes: 1.5e12,
  diskTotalBytes: 2e12,
  temperatureCelsius: 84.9,
  throttling: {
    underVoltage: true,
    frequencyCapped: true,
    throttled: false,
    softTemperatureLimit: true,
    underVoltageOccurred: true,
    throttledOccurred: false,
  },
  network: [
    { name: "eth0", receivedBytes: 123_456_789_012, sentBytes: 98_765_432_109 },
    { name: "wlan0", receivedBytes: 12_345_678_901, sentBytes: 9_876_543_210 },
  ],
  processMemoryBytes: 90 * 2 ** 20,
};

describe("the budget for metrics", () => {
  it("publishes every 2 s in meshes of up to 32, every 10 min at 1,000, and never oftener in a larger one", () => {
    expect([1, 3, 12, 32].map(publishIntervalMs)).toEqual([2_000, 2_000, 2_000, 2_000]);
    expect(publishIntervalMs(1_000)).toBeLessThan(600_000);
    for (let members = 1; members < 1_200; members++) {
      expect(publishIntervalMs(members + 1)).toBeGreaterThanOrEqual(publishIntervalMs(members));
    }
  });

  it("stays within what it may spend at every size, and that is 20 kB/s a peer at 1,000", () => {
    for (let members = 1; members < 5_000; members += 7) {
      const messagesPerSecond = members / (publishIntervalMs(members) / 1_000);
      const spent = messagesPerSecond * bytesPerMessage(members);
      expect(spent).toBeLessThanOrEqual(budgetBytesPerSecond(members) + 1e-6);
    }
    expect(budgetBytesPerSecond(1_000)).toBe(BUDGET_OF_LARGE_MESH);
    expect(BUDGET_OF_LARGE_MESH).toBeLessThanOrEqual(20_000);
  });

  it("reckons with payloads that are at least as large as they are", () => {
    expect(encodeMetrics([packSample(large)]).byteLength).toBeLessThanOrEqual(PAYLOAD_BYTES);
  });

  it("remembers less of each node the more there are, and 12,000 points of all", () => {
    expect([1, 5, 100, 1_000].map(pointsPerNode)).toEqual([720, 720, 120, 12]);
    const history = new MetricsHistory();
    const packed = packSample(large);
    const nodes = Array.from({ length: MAX_NODES + 50 }, (_, index) => `node-${index}`);
    // The worst order: each one fills up as long as few are there, and is silent then.
    for (const node of nodes) for (let point = 0; point < 20; point++) history.add(node, [packed], point);
    const points = nodes.reduce((sum, node) => sum + history.list(node, -1, 1e9).length, 0);
    expect(points).toBeLessThanOrEqual(12_000);
    expect(history.last("node-0")).toBeUndefined();
    expect(history.last(nodes.at(-1) ?? "")).toBeDefined();
  });
});

describe("the metrics codec", () => {
  it("loses nothing that matters on the way", () => {
    const there = decodeMetrics(encodeMetrics([packSample(large)])).map(unpackSample);
    const roundedDisk = (bytes: number) => Math.round(bytes / 1024) * 1024;
    expect(there).toEqual([
      { ...large, diskUsedBytes: roundedDisk(1.5e12), diskTotalBytes: roundedDisk(2e12) },
    ]);
    const nothing = { ...large, cpuUsage: null, diskUsedBytes: null, diskTotalBytes: null, network: [] };
    const empty: MetricsSample = { ...nothing, temperatureCelsius: null, throttling: null };
    expect(unpackSample(packSample(empty))).toEqual(empty);
  });

  it("refuses random bytes and random values with an error of its own, never another", () => {
    const refused = (payload: Uint8Array) => {
      try {
        decodeMetrics(payload);
      } catch (error) {
        expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), refused), { numRuns: 300 });
    const values = fc.array(fc.anything(), { minLength: 14, maxLength: 14 });
    fc.assert(
      fc.property(fc.array(values, { maxLength: 3 }), (samples) =>
        refused(
          Buffer.from(
            JSON.stringify({ version: 1, samples }, (_, value) => (typeof value === "bigint" ? 0 : value)),
          ),
        ),
      ),
      { numRuns: 300 },
    );
  });
});
