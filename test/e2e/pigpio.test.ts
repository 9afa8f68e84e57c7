import type { PwmDriver, PwmSetting } from "@pi-controller/hardware";
import {
  describeGpioDriverContract,
  describePwmDriverContract,
  pigpioConnection,
  pigpioGpio,
  pigpioPwm,
} from "@pi-controller/hardware/testing";
import { silentLogger, systemClock, systemRandom } from "@pi-controller/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capabilities, skipWithout } from "../capabilities.ts";
import { type RunningPigpiod, startPigpiod } from "../support/pigpiod.ts";
import { PigpiodWatcher } from "../support/pigpiod-watcher.ts";

const LINES = [5, 6, 16, 26];
const PINS = [
  { gpio: 12, channel: "pwm0" },
  { gpio: 18, channel: "pwm0" },
  { gpio: 13, channel: "pwm1" },
];
const DMA_FREQUENCIES = [
  10, 20, 40, 50, 80, 100, 160, 200, 250, 320, 400, 500, 800, 1_000, 1_600, 2_000, 4_000, 8_000,
];

describe.skipIf(skipWithout(capabilities.pigpiod))("through pigpiod", () => {
  let daemon: RunningPigpiod;
  let watcher: PigpiodWatcher;

  beforeAll(async () => {
    daemon = await startPigpiod();
    watcher = await PigpiodWatcher.watch(daemon);
  });

  afterAll(async () => {
    watcher.stop();
    await daemon.stop();
  });

  const connection = () =>
    pigpioConnection(
      {
        clock: systemClock(),
        random: systemRandom(),
        logger: silentLogger,
        nowNs: () => process.hrtime.bigint(),
      },
      { address: `127.0.0.1:${daemon.port}` },
    );

  describeGpioDriverContract(
    "pigpio",
    async () => {
      for (const line of LINES) daemon.setWire(line, undefined);
      return {
        driver: pigpioGpio({ clock: systemClock(), connection: connection(), logger: silentLogger }),
        lines: LINES,
        drive: (line, level) => watcher.drive(line, level),
        level: (line) => watcher.level(line),
        stop: () => {},
      };
      // pigpio knows no owners of lines.
    },
    { areExclusive: false },
  );

  /** With the connection that the GPIO driver starts in a peer. */
  function pwm(pins: typeof PINS, lines: readonly number[]) {
    const shared = connection();
    const inner = pigpioPwm({ connection: shared }, { pins, lines });
    /** Which lines were turned upside down: pigpio itself knows of none. */
    const inverted = new Map<number, boolean>();
    const driver: PwmDriver = {
      name: inner.name,
      outputs: () => inner.outputs(),
      start: async (signal) => {
        await shared.start(signal);
        await inner.start(signal);
      },
      stop: async () => {
        await inner.stop();
        await shared.stop();
      },
      set: async (line, method, setting) => {
        const became = await inner.set(line, method, setting);
        inverted.set(line, setting.inverted);
        return became;
      },
      end: (line) => inner.end(line),
    };
    const signalAt = async (line: number): Promise<PwmSetting | null> => {
      const signal = await watcher.pwm(line);
      if (signal === null) return null;
      const upsideDown = inverted.get(line) ?? false;
      const dutyCycle = upsideDown ? 1 - signal.share : signal.share;
      return { frequencyHz: signal.frequencyHz, dutyCycle, inverted: upsideDown };
    };
    return { driver, signalAt };
  }

  describePwmDriverContract("pigpio's hardware PWM", async () => pwm(PINS, []));
  describePwmDriverContract("pigpio's PWM by DMA", async () => ({
    ...pwm([], [17, 27]),
    frequencies: DMA_FREQUENCIES,
  }));

  describe("pigpio's PWM", () => {
    it("drives a servo: 50 times a second", async () => {
      const { driver } = pwm([], [17]);
      await driver.start(AbortSignal.timeout(5_000));
      const setting = { frequencyHz: 50, dutyCycle: 0.075, inverted: false };
      expect(await driver.set(17, "software", setting)).toEqual(setting);
      const ticks = await watcher.rises(17, 20);
      const spacings = ticks.slice(1).map((tick, index) => (tick - (ticks[index] ?? 0)) >>> 0);
      const median = spacings.toSorted((a, b) => a - b)[Math.floor(spacings.length / 2)] ?? 0;
      expect(Math.abs(median - 20_000)).toBeLessThan(2_000);
      await driver.stop();
    });

    it.each([
      [false, "low"],
      [true, "high"],
    ] as const)("leaves the pin off at the end (inverted: %s)", async (inverted, off) => {
      const { driver } = pwm(PINS, [17]);
      await driver.start(AbortSignal.timeout(5_000));
      for (const [line, method] of [
        [18, "hardware"],
        [17, "software"],
      ] as const) {
        await driver.set(line, method, { frequencyHz: 50, dutyCycle: 0.5, inverted });
        await driver.end(line);
        expect(await watcher.level(line)).toBe(off);
      }
      await driver.stop();
    });
  });
});
