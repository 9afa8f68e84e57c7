import type { PwmSetting } from "./pwm-driver.ts";

/** The files of one channel in sysfs, as they are or are to be. */
export interface SysfsPwmState {
  readonly periodNs: number;
  /** For how much of the period it is on. */
  readonly dutyNs: number;
  readonly inverted: boolean;
  readonly enabled: boolean;
}

export interface SysfsWrite {
  readonly file: "period" | "duty_cycle" | "polarity" | "enable";
  readonly value: string;
}

const NS_PER_SECOND = 1e9;

/** @returns the whole nanoseconds nearest to a setting */
export function stateOf({ frequencyHz, dutyCycle, inverted }: PwmSetting): SysfsPwmState {
  const periodNs = Math.round(NS_PER_SECOND / frequencyHz);
  return { periodNs, dutyNs: Math.round(periodNs * dutyCycle), inverted, enabled: true };
}

/** @returns the setting that a state is; its period must not be 0 */
export function settingOf({ periodNs, dutyNs, inverted }: SysfsPwmState): PwmSetting {
  return { frequencyHz: NS_PER_SECOND / periodNs, dutyCycle: dutyNs / periodNs, inverted };
}

/**
 * What to write, and in which order, to get from one state to another. The kernel takes no duty above the period at
 * any moment, no polarity while the period is 0, and many of its drivers none while the signal runs
 * (Linux, drivers/pwm/core.c, `pwm_apply_state`; Documentation/ABI/testing/sysfs-class-pwm).
 */
export function writesBetween(from: SysfsPwmState, to: SysfsPwmState): readonly SysfsWrite[] {
  const turns = from.inverted !== to.inverted;
  const writes: SysfsWrite[] = [];
  if (from.enabled && (turns || !to.enabled)) writes.push({ file: "enable", value: "0" });
  const period: SysfsWrite[] =
    from.periodNs === to.periodNs ? [] : [{ file: "period", value: String(to.periodNs) }];
  const duty: SysfsWrite[] =
    from.dutyNs === to.dutyNs ? [] : [{ file: "duty_cycle", value: String(to.dutyNs) }];
  writes.push(...(to.periodNs >= from.dutyNs ? [...period, ...duty] : [...duty, ...period]));
  if (turns) writes.push({ file: "polarity", value: to.inverted ? "inversed" : "normal" });
  if (to.enabled && (turns || !from.enabled)) writes.push({ file: "enable", value: "1" });
  return writes;
}
