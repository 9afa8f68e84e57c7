import { readFileSync } from "node:fs";

/** Where the kernel shows what the mock PWM chip was told; its sysfs interface is below it, in `pwm/`. */
export const MOCK_PWM_DEVICE = "/sys/devices/platform/fe20c000.pwm";

/** What a channel's registers would hold. */
export interface PwmChannel {
  readonly periodNs: number;
  readonly dutyCycleNs: number;
  readonly polarity: "normal" | "inversed";
  readonly enabled: boolean;
  /** How often the kernel told the chip anything of this channel, since the guest started. */
  readonly timesTold: number;
}

/**
 * What the kernel told the mock PWM chip of a channel. Only in the guest of the kernel tests.
 *
 * @throws Error when the chip has no such channel
 */
export function readPwmChannel(channel: number): PwmChannel {
  const line = readFileSync(`${MOCK_PWM_DEVICE}/channels`, "utf8").split("\n")[channel] ?? "";
  const [periodNs, dutyCycleNs, polarity, enabled, timesTold] = line.split(" ");
  if (polarity !== "normal" && polarity !== "inversed") throw new Error(`There is no PWM channel ${channel}`);
  return {
    periodNs: Number(periodNs),
    dutyCycleNs: Number(dutyCycleNs),
    polarity,
    enabled: enabled === "1",
    timesTold: Number(timesTold),
  };
}
