import type { MetricsSample } from "@pi-controller/schema";

/** What a small Pi measures. */
export function sampleAt(timeMs: number, fields: Partial<MetricsSample> = {}): MetricsSample {
  return {
    time: new Date(timeMs).toISOString(),
    uptimeSeconds: 100,
    cpuUsage: 0.25,
    load: [0.5, 0.4, 0.3],
    memoryUsedBytes: 2 ** 30,
    memoryTotalBytes: 2 ** 32,
    diskUsedBytes: 2 ** 33,
    diskTotalBytes: 2 ** 35,
    temperatureCelsius: 51.2,
    throttling: null,
    network: [{ name: "eth0", receivedBytes: 1_000, sentBytes: 2_000 }],
    processMemoryBytes: 80 * 2 ** 20,
    ...fields,
  };
}

/** As large as a Pi's samples get: two interfaces, months of uptime, large counters. */
export const largeSample: MetricsSample = {
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
