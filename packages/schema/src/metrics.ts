import * as z from "zod";

const ratio = z.number().min(0).max(1);
const bytes = z.number().nonnegative();

export const networkCountersSchema = z.object({
  /** As `eth0`. */
  name: z.string().max(64),
  /** Since the interface came up. */
  receivedBytes: bytes,
  sentBytes: bytes,
});

/** The firmware's flags of `vcgencmd get_throttled`: now, and at any time since the board started. */
export const throttlingSchema = z.object({
  underVoltage: z.boolean(),
  frequencyCapped: z.boolean(),
  throttled: z.boolean(),
  softTemperatureLimit: z.boolean(),
  underVoltageOccurred: z.boolean(),
  throttledOccurred: z.boolean(),
});
export type Throttling = z.infer<typeof throttlingSchema>;

/** What a machine measured at one moment. A value that it cannot measure is null, never zero. */
export const metricsSampleSchema = z.object({
  /** By the clock of the node that measured. */
  time: z.iso.datetime(),
  uptimeSeconds: z.number().nonnegative(),
  cpuUsage: ratio.nullable(),
  /** Load averages over 1, 5 and 15 minutes. */
  load: z.tuple([z.number(), z.number(), z.number()]),
  memoryUsedBytes: bytes,
  memoryTotalBytes: bytes,
  diskUsedBytes: bytes.nullable(),
  diskTotalBytes: bytes.nullable(),
  temperatureCelsius: z.number().nullable(),
  throttling: throttlingSchema.nullable(),
  network: z.array(networkCountersSchema).max(32),
  /** Resident memory of the peer's own process. */
  processMemoryBytes: bytes,
});
export type MetricsSample = z.infer<typeof metricsSampleSchema>;
