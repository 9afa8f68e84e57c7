import type { ReservationRecord } from "@pi-controller/schema";
import type { Usage } from "./ledger.ts";

export const noUsage: Usage = { pins: 0, pwm: 0, i2cDevices: 0, spiDevices: 0, powerMilliwatts: 0 };

/** What one reservation counts while it is granted. A PWM output is a pin too, and counts as both. */
export function usageOfOne({ mode, powerMilliwatts }: ReservationRecord): Usage {
  switch (mode.kind) {
    case "input":
    case "output":
      return { ...noUsage, pins: 1, powerMilliwatts };
    case "pwm":
      return { ...noUsage, pins: 1, pwm: 1, powerMilliwatts };
    case "i2c":
      return { ...noUsage, i2cDevices: 1, powerMilliwatts };
    case "spi":
      return { ...noUsage, spiDevices: 1, powerMilliwatts };
  }
}

/** Both together. */
export function addUsage(one: Usage, other: Usage): Usage {
  return {
    pins: one.pins + other.pins,
    pwm: one.pwm + other.pwm,
    i2cDevices: one.i2cDevices + other.i2cDevices,
    spiDevices: one.spiDevices + other.spiDevices,
    powerMilliwatts: one.powerMilliwatts + other.powerMilliwatts,
  };
}

/**
 * What is held; who waits holds nothing.
 *
 * @param namespace of one tenant; null: of all together
 */
export function usageOf(records: Iterable<ReservationRecord>, namespace: string | null): Usage {
  let sum = noUsage;
  for (const record of records) {
    if (record.state !== "granted") continue;
    if (namespace === null || record.namespace === namespace) sum = addUsage(sum, usageOfOne(record));
  }
  return sum;
}
