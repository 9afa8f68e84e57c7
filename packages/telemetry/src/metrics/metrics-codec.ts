import { decodeJson } from "@pi-controller/mesh";
import { type MetricsSample, networkCountersSchema, parseInput } from "@pi-controller/schema";
import * as z from "zod";

const KIBIBYTE = 1024;
/** Samples in one message; a sender batches at most this many. */
export const MAX_SAMPLES = 8;
/** Interfaces in a sample on the wire: a Pi has two or three. */
const MAX_INTERFACES = 8;
/** Generous: `MAX_SAMPLES` with long names take 8 kB. */
const MAX_PAYLOAD_BYTES = 16 * 1024;
/** Of one sample with a signature of its own: some 150 to 200 are usual. */
export const MAX_SAMPLE_BYTES = 1_024;

/** Of bytes or KiB: a thousand times this is a number as well, so that what unpacks a sample always makes a good one. */
const count = z
  .number()
  .min(0)
  .max(2 ** 60);
/** Milliseconds since 1970 that a date can hold in four digits of year. */
const timeMs = z
  .number()
  .min(0)
  .max(Date.UTC(9999, 11, 31));

/**
 * A sample as it travels, and as it is kept in memory: numbers by position, rounded to what people can
 * use. A third of the size of the named form. PROTOCOL: topic `metrics`, version 1.
 */
export const packedSampleSchema = z.tuple([
  /** Sender's wall clock, ms since 1970. */
  timeMs,
  /** Uptime in seconds. */
  count,
  /** CPU usage in thousandths. */
  z.number().min(0).max(1000).nullable(),
  /** Load averages in hundredths. */
  z.number(),
  z.number(),
  z.number(),
  /** Memory used and in all, in KiB. */
  count,
  count,
  /** Disk used and in all, in KiB. */
  count.nullable(),
  count.nullable(),
  /** Temperature in tenths of a degree Celsius. */
  z.number().nullable(),
  /** Throttling flags, in the order of `FLAGS`, the first one in bit 0. */
  z.int().min(0).nullable(),
  /** Memory of the process in KiB. */
  count,
  /** Interfaces: name, bytes received, bytes sent. */
  z.array(z.tuple([networkCountersSchema.shape.name, count, count])).max(MAX_INTERFACES),
]);
export type PackedSample = z.infer<typeof packedSampleSchema>;

const FLAGS = [
  "underVoltage",
  "frequencyCapped",
  "throttled",
  "softTemperatureLimit",
  "underVoltageOccurred",
  "throttledOccurred",
] as const satisfies readonly (keyof NonNullable<MetricsSample["throttling"]>)[];

const messageSchema = z.object({
  version: z.literal(1),
  samples: z.array(packedSampleSchema).min(1).max(MAX_SAMPLES),
});

export function packSample(sample: MetricsSample): PackedSample {
  const scaled = (value: number | null, factor: number) =>
    value === null ? null : Math.round(value * factor);
  const kibibytes = (bytes: number) => Math.round(bytes / KIBIBYTE);
  const { throttling } = sample;
  return [
    Date.parse(sample.time),
    Math.round(sample.uptimeSeconds),
    scaled(sample.cpuUsage, 1000),
    Math.round(sample.load[0] * 100),
    Math.round(sample.load[1] * 100),
    Math.round(sample.load[2] * 100),
    kibibytes(sample.memoryUsedBytes),
    kibibytes(sample.memoryTotalBytes),
    scaled(sample.diskUsedBytes, 1 / KIBIBYTE),
    scaled(sample.diskTotalBytes, 1 / KIBIBYTE),
    scaled(sample.temperatureCelsius, 10),
    throttling && FLAGS.reduce((bits, flag, bit) => bits | (throttling[flag] ? 1 << bit : 0), 0),
    kibibytes(sample.processMemoryBytes),
    sample.network
      .slice(0, MAX_INTERFACES)
      .map(({ name, receivedBytes, sentBytes }) => [name, receivedBytes, sentBytes]),
  ];
}

export function unpackSample(packed: PackedSample): MetricsSample {
  const [time, uptimeSeconds, cpu, load1, load5, load15, memoryUsed, memoryTotal] = packed;
  const [, , , , , , , , diskUsed, diskTotal, temperature, flags, processMemory, network] = packed;
  const scaled = (value: number | null, factor: number) => (value === null ? null : value * factor);
  const flag = (name: (typeof FLAGS)[number]) => ((flags ?? 0) & (1 << FLAGS.indexOf(name))) !== 0;
  return {
    time: new Date(time).toISOString(),
    uptimeSeconds,
    cpuUsage: cpu === null ? null : cpu / 1000,
    load: [load1 / 100, load5 / 100, load15 / 100],
    memoryUsedBytes: memoryUsed * KIBIBYTE,
    memoryTotalBytes: memoryTotal * KIBIBYTE,
    diskUsedBytes: scaled(diskUsed, KIBIBYTE),
    diskTotalBytes: scaled(diskTotal, KIBIBYTE),
    temperatureCelsius: temperature === null ? null : temperature / 10,
    throttling:
      flags === null
        ? null
        : {
            underVoltage: flag("underVoltage"),
            frequencyCapped: flag("frequencyCapped"),
            throttled: flag("throttled"),
            softTemperatureLimit: flag("softTemperatureLimit"),
            underVoltageOccurred: flag("underVoltageOccurred"),
            throttledOccurred: flag("throttledOccurred"),
          },
    network: network.map(([name, receivedBytes, sentBytes]) => ({ name, receivedBytes, sentBytes })),
    processMemoryBytes: processMemory * KIBIBYTE,
  };
}

/** One message for the topic `metrics`, oldest sample first. */
export function encodeMetrics(samples: readonly PackedSample[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version: 1, samples }));
}

/**
 * @returns the samples of a message, oldest first
 * @throws MeshError INVALID_ARGUMENT that names what is wrong with it
 */
export function decodeMetrics(payload: Uint8Array): PackedSample[] {
  // Not parsed at all when too large: parsing costs many times the bytes.
  const value = payload.byteLength > MAX_PAYLOAD_BYTES ? undefined : decodeJson(payload);
  return parseInput(messageSchema, value, "metrics message").samples;
}

/** One sample as its node signs it, in at most `MAX_SAMPLE_BYTES`: without the interfaces that make it longer. */
export function encodeSample(sample: MetricsSample): Uint8Array {
  const packed = packSample(sample);
  for (;;) {
    const bytes = new TextEncoder().encode(JSON.stringify(packed));
    if (bytes.byteLength <= MAX_SAMPLE_BYTES || packed[13].pop() === undefined) return bytes;
  }
}

/** @throws MeshError INVALID_ARGUMENT that names what is wrong with it */
export function decodeSample(bytes: Uint8Array): PackedSample {
  const value = bytes.byteLength > MAX_SAMPLE_BYTES ? undefined : decodeJson(bytes);
  return parseInput(packedSampleSchema, value, "metrics sample");
}
