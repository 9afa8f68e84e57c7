import { existsSync, writeFileSync } from "node:fs";
import type { PwmSetting } from "@pi-controller/hardware";
import { describePwmDriverContract, sysfsPwm } from "@pi-controller/hardware/testing";
import { systemClock } from "@pi-controller/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { MOCK_PWM_DEVICE, readPwmChannel } from "./support/mock-pwm.ts";

/** Those of a Pi 4's header. */
const channelOf = new Map([
  [12, 0],
  [13, 1],
  [18, 0],
  [19, 1],
]);
const pins = [...channelOf].map(([gpio, channel]) => ({ gpio, channel: `pwm${channel}` }));
const make = () => sysfsPwm({ clock: systemClock() }, { pins });

/** What the kernel last told the chip, whichever pin it is for: both pins of a channel show its signal. */
async function signalAt(line: number): Promise<PwmSetting | null> {
  const { periodNs, dutyCycleNs, polarity, enabled } = readPwmChannel(channelOf.get(line) ?? -1);
  if (!enabled) return null;
  return {
    frequencyHz: 1e9 / periodNs,
    dutyCycle: dutyCycleNs / periodNs,
    inverted: polarity === "inversed",
  };
}

describePwmDriverContract("PWM through the kernel's sysfs", async () => ({ driver: make(), signalAt }));

describe("PWM through the kernel's sysfs", () => {
  const setting = { frequencyHz: 50, dutyCycle: 0.075, inverted: false };
  const chip = `${MOCK_PWM_DEVICE}/pwm/pwmchip0`;
  const driver = make();
  afterEach(() => driver.stop());
  const start = () => driver.start(AbortSignal.timeout(5_000));

  it("finds the chip of the header by its place on the bus", async () => {
    await start();
    expect(driver.outputs().map(({ line, channel }) => `${line} ${channel}`)).toEqual([
      "12 pwm0",
      "13 pwm1",
      "18 pwm0",
      "19 pwm1",
    ]);
  });

  it("gives nanoseconds as they are: a servo's 1.5 ms of 20 ms", async () => {
    await start();
    expect(await driver.set(18, "hardware", setting)).toEqual(setting);
    expect(readPwmChannel(0)).toMatchObject({ periodNs: 20_000_000, dutyCycleNs: 1_500_000, enabled: true });
  });

  it("changes a duty cycle in one write, without a gap in the signal", async () => {
    await start();
    await driver.set(18, "hardware", setting);
    const before = readPwmChannel(0).timesTold;
    await driver.set(18, "hardware", { ...setting, dutyCycle: 0.1 });
    expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 2_000_000, timesTold: before + 1 });
  });

  it("gives the channel back to the kernel at the end, with the pin off", async () => {
    await start();
    await driver.set(18, "hardware", setting);
    expect(existsSync(`${chip}/pwm0`)).toBe(true);
    await driver.end(18);
    expect(existsSync(`${chip}/pwm0`)).toBe(false);
    expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 0, enabled: false });
  });

  it("uses a channel again and again, lease after lease, whose pin the machine gave to it once", async () => {
    await start();
    expect(driver.outputs().every(({ fixedFunction }) => fixedFunction)).toBe(true);
    for (let lease = 0; lease < 3; lease++) {
      await driver.set(18, "hardware", setting);
      expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 1_500_000, enabled: true });
      await driver.set(18, "hardware", { ...setting, dutyCycle: 0 });
      await driver.end(18);
      expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 0, enabled: false });
    }
  });

  it("leaves a pin high when it lets go of it, also after its end, and can end that later", async () => {
    await start();
    await driver.set(18, "hardware", { ...setting, dutyCycle: 1 });
    await driver.end(18, "as-is");
    await driver.stop();
    expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 20_000_000, enabled: true });
    await start();
    await driver.set(18, "hardware", { ...setting, dutyCycle: 0 });
    await driver.end(18);
    expect(readPwmChannel(0)).toMatchObject({ dutyCycleNs: 0, enabled: false });
  });

  it("takes over what a process that was killed left", async () => {
    writeFileSync(`${chip}/export`, "0");
    writeFileSync(`${chip}/pwm0/period`, "1000");
    writeFileSync(`${chip}/pwm0/duty_cycle`, "1000");
    writeFileSync(`${chip}/pwm0/polarity`, "inversed");
    writeFileSync(`${chip}/pwm0/enable`, "1");
    await start();
    expect(await driver.set(12, "hardware", setting)).toEqual(setting);
    expect(await signalAt(12)).toEqual(setting);
  });
});
