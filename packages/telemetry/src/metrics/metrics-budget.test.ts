import { type MetricsSample, metricsSampleSchema } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUDGET_OF_LARGE_MESH,
  bytesPerSecond,
  exchangeIntervalMs,
  MAX_NODES,
  PAYLOAD_BYTES,
  pointsPerNode,
  publishIntervalMs,
  spreadTimeMs,
  staleAfterMs,
} from "./metrics-budget.ts";
import { decodeMetrics, encodeMetrics, packSample, unpackSample } from "./metrics-codec.ts";
import { MetricsHistory } from "./metrics-history.ts";
import { largeSample } from "./samples.fixture.ts";

describe("the budget for metrics", () => {
  it("tells of a node every 2 s in meshes of up to 32, every 10 s at 100, every 60 to 90 s at 1,000", () => {
    expect([1, 3, 12, 32].map(publishIntervalMs)).toEqual([2_000, 2_000, 2_000, 2_000]);
    expect([33, 100, 150].map(publishIntervalMs)).toEqual([10_000, 10_000, 10_000]);
    expect(publishIntervalMs(1_000)).toBeGreaterThan(60_000);
    expect(publishIntervalMs(1_000)).toBeLessThan(90_000);
    expect(exchangeIntervalMs(1_000)).toBeLessThan(5_000);
    for (let members = 1; members < 1_200; members++) {
      expect(publishIntervalMs(members + 1)).toBeGreaterThanOrEqual(publishIntervalMs(members));
      expect(exchangeIntervalMs(members + 1)).toBeGreaterThanOrEqual(exchangeIntervalMs(members));
    }
  });

  it("has values stand for now while nothing worse happens than a sample that is missing", () => {
    expect(staleAfterMs(32)).toBe(7_000);
    expect(staleAfterMs(100)).toBeLessThan(90_000);
    expect(staleAfterMs(1_000)).toBeLessThan(300_000);
    for (let members = 33; members < 1_200; members += 7) {
      const oldestMs = 2 * publishIntervalMs(members) + spreadTimeMs(members);
      expect(staleAfterMs(members)).toBeGreaterThan(oldestMs);
    }
  });

  it("stays within what it may spend at every size, in bytes and in signatures to verify", () => {
    for (let members = 1; members <= 32; members++) expect(bytesPerSecond(members)).toBeLessThan(30_000);
    for (let members = 33; members < 5_000; members += 7) {
      // A fifth is left for what comes twice, and for peers that join.
      expect(bytesPerSecond(members)).toBeLessThanOrEqual(0.8 * BUDGET_OF_LARGE_MESH + 1e-6);
      // At 1 ms each on a Pi Zero less than 2 % of a core.
      expect(members / (publishIntervalMs(members) / 1_000)).toBeLessThan(20);
    }
    expect(BUDGET_OF_LARGE_MESH).toBeLessThanOrEqual(20_000);
  });

  it("reckons with payloads that are at least as large as they are", () => {
    expect(encodeMetrics([packSample(largeSample)]).byteLength).toBeLessThanOrEqual(PAYLOAD_BYTES);
  });

  it("remembers less of each node the more there are, and 12,000 points of all", () => {
    expect([1, 5, 100, 1_000].map(pointsPerNode)).toEqual([720, 720, 120, 12]);
    const history = new MetricsHistory();
    const packed = packSample(largeSample);
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
    const there = decodeMetrics(encodeMetrics([packSample(largeSample)])).map(unpackSample);
    const roundedDisk = (bytes: number) => Math.round(bytes / 1024) * 1024;
    expect(there).toEqual([
      { ...largeSample, diskUsedBytes: roundedDisk(1.5e12), diskTotalBytes: roundedDisk(2e12) },
    ]);
    const nothing = {
      ...largeSample,
      cpuUsage: null,
      diskUsedBytes: null,
      diskTotalBytes: null,
      network: [],
    };
    const empty: MetricsSample = { ...nothing, temperatureCelsius: null, throttling: null };
    expect(unpackSample(packSample(empty))).toEqual(empty);
  });

  it("refuses random bytes and random values with an error of its own, never another", () => {
    const refused = (payload: Uint8Array) => {
      try {
        // And what passes is a good sample.
        for (const packed of decodeMetrics(payload)) metricsSampleSchema.parse(unpackSample(packed));
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
