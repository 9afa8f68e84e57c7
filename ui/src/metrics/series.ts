import type { MetricsSample } from "@pi-controller/schema";
import { networkRate } from "./network-rate.ts";

/** Columns for the charts, all of one length; null where nothing is known. */
export interface MetricsSeries {
  /** Seconds since 1970 by the measuring node's clock, ascending. */
  readonly times: readonly number[];
  /** Percent. */
  readonly cpu: readonly (number | null)[];
  readonly temperature: readonly (number | null)[];
  readonly memory: readonly (number | null)[];
  /** Bytes a second. */
  readonly received: readonly (number | null)[];
  readonly sent: readonly (number | null)[];
}

/** Two samples further apart than this many usual intervals have a gap between them. */
const GAP_INTERVALS = 2.5;
const MINIMUM_GAP_MS = 3000;

/**
 * Turns samples into columns. Where samples are missing, a row of nulls breaks the line, so that a chart
 * never draws a straight line through a time of which nothing is known.
 *
 * @param samples of one node, oldest first
 */
export function metricsSeries(samples: readonly MetricsSample[]): MetricsSeries {
  const times: number[] = [];
  const cpu: (number | null)[] = [];
  const temperature: (number | null)[] = [];
  const memory: (number | null)[] = [];
  const received: (number | null)[] = [];
  const sent: (number | null)[] = [];
  const gapMs = gapThresholdMs(samples);
  let previous: MetricsSample | undefined;
  for (const sample of samples) {
    const time = Date.parse(sample.time);
    const gap = previous !== undefined && time - Date.parse(previous.time) > gapMs;
    if (gap && previous !== undefined) {
      times.push((Date.parse(previous.time) + time) / 2000);
      for (const column of [cpu, temperature, memory, received, sent]) column.push(null);
    }
    const rate = previous === undefined || gap ? null : networkRate(previous, sample);
    times.push(time / 1000);
    cpu.push(sample.cpuUsage === null ? null : sample.cpuUsage * 100);
    temperature.push(sample.temperatureCelsius);
    memory.push(memoryPercent(sample));
    received.push(rate?.received ?? null);
    sent.push(rate?.sent ?? null);
    previous = sample;
  }
  return { times, cpu, temperature, memory, received, sent };
}

/** How much of the memory is in use, in percent; null when the total is not known. */
export function memoryPercent(sample: MetricsSample): number | null {
  return sample.memoryTotalBytes > 0 ? (sample.memoryUsedBytes / sample.memoryTotalBytes) * 100 : null;
}

/** From how long without a sample on, in ms, there is a gap: by the usual interval, which nodes may choose. */
export function gapThresholdMs(samples: readonly MetricsSample[]): number {
  const intervals = samples
    .slice(1)
    .map((sample, index) => Date.parse(sample.time) - Date.parse(samples[index]?.time ?? sample.time))
    .sort((left, right) => left - right);
  const median = intervals[Math.floor(intervals.length / 2)] ?? 0;
  return Math.max(median * GAP_INTERVALS, MINIMUM_GAP_MS);
}

/**
 * Adds newer samples to those that are there: ascending by time, each moment once, and no more than `limit`.
 */
export function mergeSamples(
  known: readonly MetricsSample[],
  newer: readonly MetricsSample[],
  limit: number,
): readonly MetricsSample[] {
  const byTime = new Map([...known, ...newer].map((sample) => [Date.parse(sample.time), sample]));
  return [...byTime]
    .sort(([left], [right]) => left - right)
    .map(([, sample]) => sample)
    .slice(-limit);
}
