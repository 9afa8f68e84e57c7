import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, VirtualClock } from "@pi-controller/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFiles } from "../linux/pi-fixtures.ts";
import { sysfsPwm } from "./sysfs-pwm.ts";

// What needs a kernel runs in one: test/kernel/pwm.kernel.test.ts.
describe("PWM through sysfs", () => {
  const setting = { frequencyHz: 1_000, dutyCycle: 0.5, inverted: false };
  const pins = [{ gpio: 18, channel: "pwm0" }];
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "pwm-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("starts without a controller, and says how to turn it on", async () => {
    const driver = sysfsPwm({ clock: systemClock() }, { pins, root });
    await driver.start(AbortSignal.timeout(1_000));
    expect(driver.outputs()).toEqual([]);
    await expect(driver.set(18, "hardware", setting)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("dtoverlay=pwm-2chan"),
    });
    await driver.stop();
  });

  it("gives up on a channel whose files never come, and says what to do", async () => {
    writeFiles(root, { "sys/class/pwm/pwmchip0/npwm": "2\n", "sys/class/pwm/pwmchip0/export": "" });
    const clock = new VirtualClock();
    const driver = sysfsPwm({ clock }, { pins, root, chip: "pwmchip0" });
    await driver.start(AbortSignal.timeout(1_000));
    let settled = false;
    const refused = expect(driver.set(18, "hardware", setting)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("udev rule"),
    });
    void refused.finally(() => {
      settled = true;
    });
    while (!settled) {
      await clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await refused;
  });
});
