import { describe, expect, it } from "vitest";
import { describePwmDriverContract } from "./pwm-contract.ts";
import { simulatedPwm } from "./simulated-pwm.ts";

const pins = [
  { gpio: 12, channel: "pwm0" },
  { gpio: 18, channel: "pwm0" },
  { gpio: 13, channel: "pwm1" },
];

describePwmDriverContract("simulated PWM", async () => {
  const driver = simulatedPwm({ pins });
  return { driver, signalAt: async (line) => driver.control.signalAt(line) };
});

describePwmDriverContract("simulated PWM as the kernel's", async () => {
  const driver = simulatedPwm({ pins, fixedFunction: true });
  return { driver, signalAt: async (line) => driver.control.signalAt(line) };
});

describe("simulated PWM", () => {
  it("fails as it is told to and keeps the signal that was, until it is told otherwise", async () => {
    const driver = simulatedPwm({ pins });
    await driver.start(AbortSignal.timeout(1_000));
    const setting = { frequencyHz: 1_000, dutyCycle: 0.5, inverted: false };
    await driver.set(18, "hardware", setting);
    driver.control.fail(18, "a short circuit");
    await expect(driver.set(18, "hardware", { ...setting, dutyCycle: 1 })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "PWM at GPIO18 fails: a short circuit",
    });
    await expect(driver.end(18)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(driver.control.signalAt(18)).toEqual(setting);
    driver.control.fail(18, null);
    await driver.end(18);
    expect(driver.control.signalAt(18)).toBeNull();
  });
});
