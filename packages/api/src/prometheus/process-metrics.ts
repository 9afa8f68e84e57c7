import type { MetricFamily, MetricSource } from "./text.ts";

/** Figures of this process, under the names that Prometheus' client libraries agree on. */
export const processMetrics: MetricSource = {
  collect(): readonly MetricFamily[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    return [
      family("process_cpu_seconds_total", "counter", "Processor time used", (user + system) / 1e6),
      family("process_resident_memory_bytes", "gauge", "Resident memory", memory.rss),
      family("nodejs_heap_used_bytes", "gauge", "JavaScript heap in use", memory.heapUsed),
      family("process_uptime_seconds", "gauge", "How long the process runs", process.uptime()),
    ];
  },
};

function family(name: string, type: "counter" | "gauge", help: string, value: number): MetricFamily {
  return { name, type, help, samples: [{ value }] };
}
