import { silentLogger, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { combinedPwm } from "./combined-pwm.ts";
import { describePwmDriverContract } from "./pwm-contract.ts";
import type { PwmSetting } from "./pwm-driver.ts";
import { measured, RecordedLines } from "./recorded-line.ts";
import { simulatedPwm } from "./simulated-pwm.ts";
import { softwarePwm } from "./software-pwm.ts";

function make() {
  const clock = new VirtualClock();
  const gpio = new RecordedLines(clock);
  const driver = softwarePwm({ clock, logger: silentLogger, gpio }, { lines: [17, 27] });
  return { clock, gpio, driver };
}

/** Longer than two turns of the slowest signal. */
const LOOK_MS = 30_000;

describePwmDriverContract("software PWM", async () => {
  const { clock, gpio, driver } = make();
  let expected: PwmSetting | null = null;
  const remembering = {
    ...{
      name: driver.name,
      outputs: () => driver.outputs(),
      start: (signal: AbortSignal) => driver.start(signal),
    },
    stop: async () => {
      expected = null;
      await driver.stop();
    },
    set: async (...[line, method, setting]: Parameters<typeof driver.set>) => {
      const became = await driver.set(line, method, setting);
      expected = became;
      return became;
    },
    end: async (line: number) => {
      await driver.end(line);
      expected = null;
    },
  };
  const signalAt = async (line: number): Promise<PwmSetting | null> => {
    const fromMs = clock.monotonic();
    await clock.advance(LOOK_MS);
    const changes = gpio.since(line, fromMs);
    if (changes.length > 1) return measured(changes, expected?.inverted ?? false);
    // A steady level is a signal of duty cycle 0 or 1, if there is one at all: only the driver knows.
    if (expected === null) return null;
    const on = changes[0]?.level === (expected.inverted ? "low" : "high");
    return { ...expected, dutyCycle: on ? 1 : 0 };
  };
  return { driver: remembering, signalAt };
});

describe("software PWM", () => {
  const setting = { frequencyHz: 50, dutyCycle: 0.1, inverted: false };
  const begin = async () => {
    const subject = make();
    await subject.driver.start(AbortSignal.timeout(1_000));
    return subject;
  };

  it("does not drift: a thousand turns later it is on where it should be", async () => {
    const { clock, gpio, driver } = await begin();
    await driver.set(17, "software", { ...setting, frequencyHz: 30 });
    await clock.advance((1_000 * 1_000) / 30 + 500);
    const rises = gpio.since(17, -1).filter(({ level }) => level === "high");
    expect(rises[1_000]?.atMs).toBeCloseTo((1_000 * 1_000) / 30, 3);
  });

  it("says what whole milliseconds make of a duty cycle", async () => {
    const { driver } = await begin();
    const became = await driver.set(17, "software", { frequencyHz: 100, dutyCycle: 0.33, inverted: false });
    expect(became.dutyCycle).toBeCloseTo(0.3);
  });

  it("switches nothing at duty cycles of 0 and 1", async () => {
    const { clock, gpio, driver } = await begin();
    for (const dutyCycle of [0, 1]) {
      await driver.set(17, "software", { ...setting, dutyCycle });
      const fromMs = clock.monotonic();
      await clock.advance(10_000);
      expect(gpio.since(17, fromMs)).toHaveLength(1);
      expect(gpio.level(17)).toBe(dutyCycle === 1 ? "high" : "low");
    }
  });

  it.each([
    [false, "low"],
    [true, "high"],
  ] as const)(
    "leaves the pin off when it ends in the midst of a pulse (inverted: %s)",
    async (inverted, off) => {
      const { clock, gpio, driver } = await begin();
      await driver.set(17, "software", { ...setting, inverted });
      await clock.advance(1);
      expect(gpio.level(17)).not.toBe(off);
      await driver.end(17);
      expect(gpio.level(17)).toBe(off);
      await clock.advance(1_000);
      expect(gpio.level(17)).toBe(off);
    },
  );

  it("goes on by itself after a pin failed, and ends one that failed to end when it is asked again", async () => {
    const { clock, gpio, driver } = await begin();
    await driver.set(17, "software", setting);
    gpio.failure = new Error("broken wire");
    await clock.advance(100);
    const fromMs = clock.monotonic();
    gpio.failure = undefined;
    await clock.advance(1_000);
    expect(gpio.since(17, fromMs).length).toBeGreaterThan(90);
    await clock.advance(1);
    gpio.failure = new Error("broken wire");
    await expect(driver.end(17)).rejects.toThrow("broken wire");
    gpio.failure = undefined;
    await driver.end(17);
    expect(gpio.level(17)).toBe("low");
    await driver.set(17, "software", { ...setting, dutyCycle: 1 });
    expect(gpio.level(17)).toBe("high");
  });
});

describePwmDriverContract("hardware and software PWM together", async () => {
  const pins = [12, 18].map((gpio) => ({ gpio, channel: "pwm0" }));
  const hardware = simulatedPwm({ pins: [...pins, { gpio: 13, channel: "pwm1" }] });
  const driver = combinedPwm({ hardware, software: make().driver });
  return { driver, signalAt: async (line) => hardware.control.signalAt(line) };
});

describe("hardware and software PWM together", () => {
  const setting = { frequencyHz: 50, dutyCycle: 0.5, inverted: false };
  const begin = async () => {
    const { gpio, driver: software, clock } = make();
    const hardware = simulatedPwm({ pins: [{ gpio: 17, channel: "pwm0" }] });
    const driver = combinedPwm({ hardware, software });
    await driver.start(AbortSignal.timeout(1_000));
    return { driver, hardware, gpio, clock };
  };

  it("offer the outputs of both, and drive the one asked for", async () => {
    const { driver, hardware, gpio } = await begin();
    expect(driver.outputs().map(({ line, method }) => `${line} ${method}`)).toEqual([
      "17 hardware",
      "17 software",
      "27 software",
    ]);
    await driver.set(17, "hardware", setting);
    await driver.set(27, "software", setting);
    expect(hardware.control.signalAt(17)).toEqual(setting);
    expect(gpio.level(17)).toBeUndefined();
    expect(gpio.level(27)).toBe("high");
  });

  it("let a line have one signal at a time, and another one after its end", async () => {
    const { driver, hardware, gpio } = await begin();
    await driver.set(17, "hardware", setting);
    await expect(driver.set(17, "software", setting)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await driver.end(17);
    expect(hardware.control.signalAt(17)).toBeNull();
    await driver.set(17, "software", setting);
    expect(gpio.level(17)).toBe("high");
  });

  it("leave a line free whose signal could not begin", async () => {
    const { driver, hardware, gpio } = await begin();
    hardware.control.fail(17, "no power");
    await expect(driver.set(17, "hardware", setting)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await driver.set(17, "software", setting);
    expect(gpio.level(17)).toBe("high");
  });
});
