import { describe, expect, it } from "vitest";
import { sampleOf } from "../test-samples.ts";
import { mergeSamples, metricsSeries } from "./series.ts";

const start = Date.UTC(2026, 10, 21);
const at = (second: number, changes = {}) =>
  sampleOf({ time: new Date(start + second * 1000).toISOString(), uptimeSeconds: second, ...changes });

describe("metricsSeries", () => {
  it("breaks the line where samples are missing", () => {
    const series = metricsSeries([at(0), at(2), at(4), at(60), at(62)]);
    expect(series.times.map((time) => time - start / 1000)).toEqual([0, 2, 4, 32, 60, 62]);
    expect(series.cpu).toEqual([25, 25, 25, null, 25, 25]);
  });

  it("draws through a single late sample", () => {
    expect(metricsSeries([at(0), at(2), at(6.5), at(8)]).cpu).not.toContain(null);
  });

  it("shows no rate across a gap", () => {
    const eth0 = (bytes: number) => ({ network: [{ name: "eth0", receivedBytes: bytes, sentBytes: bytes }] });
    const series = metricsSeries([at(0, eth0(0)), at(2, eth0(200)), at(4, eth0(400)), at(90, eth0(9000))]);
    expect(series.received).toEqual([null, 100, 100, null, null]);
  });

  it("keeps what a node cannot measure empty, never zero", () => {
    const series = metricsSeries([at(0, { cpuUsage: null, temperatureCelsius: null, memoryTotalBytes: 0 })]);
    expect([series.cpu, series.temperature, series.memory]).toEqual([[null], [null], [null]]);
  });

  it("is empty when there is nothing", () => {
    expect(metricsSeries([]).times).toEqual([]);
  });
});

describe("mergeSamples", () => {
  it("keeps each moment once, in order, and drops the oldest beyond the limit", () => {
    const merged = mergeSamples([at(0), at(2), at(4)], [at(4), at(3), at(6)], 4);
    expect(merged.map((sample) => (Date.parse(sample.time) - start) / 1000)).toEqual([2, 3, 4, 6]);
  });
});
