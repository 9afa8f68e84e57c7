import type { MetricsSample } from "@pi-controller/schema";

/**
 * One sample that stands for several: the newest one, with the CPU usage that they had on average, as a
 * single reading of it says little about minutes.
 *
 * @param samples oldest first
 * @returns undefined when there is none
 */
export function digest(samples: readonly MetricsSample[]): MetricsSample | undefined {
  const newest = samples.at(-1);
  if (newest === undefined) return undefined;
  const usages = samples.flatMap(({ cpuUsage }) => (cpuUsage === null ? [] : [cpuUsage]));
  const cpuUsage = usages.length === 0 ? null : usages.reduce((sum, usage) => sum + usage, 0) / usages.length;
  return { ...newest, cpuUsage };
}
