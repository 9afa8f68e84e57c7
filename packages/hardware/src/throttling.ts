import type { Throttling } from "@pi-controller/schema";

/**
 * Bits of `vcgencmd get_throttled`.
 * Source: Raspberry Pi documentation, "vcgencmd", section get_throttled.
 */
const bitOfFlag: Readonly<Record<keyof Throttling, number>> = {
  underVoltage: 0,
  frequencyCapped: 1,
  throttled: 2,
  softTemperatureLimit: 3,
  underVoltageOccurred: 16,
  throttledOccurred: 18,
};

/** The flags that are set in the firmware's bit field. */
export function decodeThrottling(bits: number): Throttling {
  const flag = (name: keyof Throttling) => (bits & (1 << bitOfFlag[name])) !== 0;
  return {
    underVoltage: flag("underVoltage"),
    frequencyCapped: flag("frequencyCapped"),
    throttled: flag("throttled"),
    softTemperatureLimit: flag("softTemperatureLimit"),
    underVoltageOccurred: flag("underVoltageOccurred"),
    throttledOccurred: flag("throttledOccurred"),
  };
}

/**
 * Reads the bit field from what the firmware prints: `throttled=0x50005` by vcgencmd, `50005` by the
 * kernel's sysfs file.
 *
 * @throws Error when it is neither
 */
export function parseThrottlingBits(text: string): number {
  const match = /^\s*(?:throttled=)?(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text);
  if (match?.[1] === undefined) throw new Error(`Expected throttling flags, got ${JSON.stringify(text)}`);
  return Number.parseInt(match[1], 16);
}
