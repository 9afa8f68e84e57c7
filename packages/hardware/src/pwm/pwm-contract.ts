import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PwmDriver, PwmOutput, PwmSetting } from "./pwm-driver.ts";

export interface PwmUnderTest {
  /** Not started. */
  readonly driver: PwmDriver;
  /**
   * What is at the pin in truth, looked at past the driver; null when there is no signal. Left out where nothing but
   * the driver can look.
   */
  readonly signalAt?: (line: number) => Promise<PwmSetting | null>;
  /** Frequencies that it makes of its first output, when it is these alone; in Hz, rising. */
  readonly frequencies?: readonly number[];
  readonly dispose?: () => Promise<void>;
}

/** Hardware divides clocks: what comes out is this close to what was asked. */
const TOLERANCE = 0.02;

/** What every adapter of `PwmDriver` does, whatever is behind it. */
export function describePwmDriverContract(name: string, make: () => Promise<PwmUnderTest>): void {
  describe(`${name} as a PwmDriver`, () => {
    let subject: PwmUnderTest;
    let driver: PwmDriver;
    let output: PwmOutput;
    let calm: PwmSetting;

    beforeEach(async () => {
      subject = await make();
      driver = subject.driver;
      await driver.start(AbortSignal.timeout(10_000));
      output = driver.outputs()[0] as PwmOutput;
      calm = { frequencyHz: possible(middleOf(output)), dutyCycle: 0.25, inverted: false };
    });

    afterEach(async () => {
      await driver.stop();
      await subject.dispose?.();
    });

    /** The nearest frequency that there is. */
    const possible = (hertz: number) =>
      subject.frequencies?.toSorted((a, b) => Math.abs(a - hertz) - Math.abs(b - hertz))[0] ?? hertz;

    const set = (setting: PwmSetting, at = output) => driver.set(at.line, at.method, setting);

    async function expectSignal(line: number, expected: PwmSetting | null): Promise<void> {
      if (subject.signalAt === undefined) return;
      const signal = await subject.signalAt(line);
      if (expected === null) expect(signal).toBeNull();
      else expectNear(signal, expected);
    }

    it("tells its outputs, each once, with a range of frequencies", () => {
      const outputs = driver.outputs();
      expect(outputs.length).toBeGreaterThan(0);
      const keys = outputs.map(({ line, method }) => `${line} ${method}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const each of outputs) {
        expect(each.minFrequencyHz).toBeGreaterThan(0);
        expect(each.maxFrequencyHz).toBeGreaterThan(each.minFrequencyHz);
      }
      expect(driver.outputs()).toEqual(outputs);
    });

    it("begins a signal and says what it has become", async () => {
      expectNear(await set(calm), calm);
      await expectSignal(output.line, calm);
    });

    it("changes frequency and duty cycle up and down, in one step each", async () => {
      const slow = possible(Math.max(calm.frequencyHz / 4, output.minFrequencyHz));
      const fast = possible(Math.min(calm.frequencyHz * 2, output.maxFrequencyHz));
      for (const [frequencyHz, dutyCycle] of [
        [calm.frequencyHz, 0.9],
        [fast, 0.1],
        [slow, 0.75],
        [fast, 0.75],
        [slow, 0.1],
      ] as const) {
        const setting = { frequencyHz, dutyCycle, inverted: false };
        expectNear(await set(setting), setting);
        await expectSignal(output.line, setting);
      }
    });

    it("stands still at duty cycles of 0 and 1, and comes back from there", async () => {
      for (const dutyCycle of [0, 1, 0.5]) {
        const setting = { ...calm, dutyCycle };
        expectNear(await set(setting), setting);
        await expectSignal(output.line, setting);
      }
    });

    it("turns the signal upside down and back while it runs", async () => {
      for (const inverted of [false, true, false]) {
        const setting = { ...calm, inverted };
        expectNear(await set(setting), setting);
        await expectSignal(output.line, setting);
      }
    });

    it("reaches both ends of the range that it tells", async () => {
      for (const frequencyHz of [output.minFrequencyHz, output.maxFrequencyHz]) {
        const became = await set({ frequencyHz, dutyCycle: 0.5, inverted: false });
        expect(became.frequencyHz / frequencyHz).toBeCloseTo(1, 1);
      }
    });

    it.each([
      ["a frequency below the range", (at: PwmOutput) => ({ frequencyHz: at.minFrequencyHz / 2 })],
      ["a frequency above the range", (at: PwmOutput) => ({ frequencyHz: at.maxFrequencyHz * 2 })],
      ["a frequency that is no number", () => ({ frequencyHz: Number.NaN })],
      ["a negative duty cycle", () => ({ dutyCycle: -0.1 })],
      ["a duty cycle above 1", () => ({ dutyCycle: 1.1 })],
    ])("refuses %s with OUT_OF_RANGE, and lets the signal be", async (_, wrong) => {
      await set(calm);
      await expect(set({ ...calm, ...wrong(output) })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      await expectSignal(output.line, calm);
    });

    it("refuses a pin that has no PWM with OUT_OF_RANGE", async () => {
      await expect(driver.set(999, output.method, calm)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    });

    it("gives a channel to one pin at a time, and to another one after its end", async () => {
      const pair = outputsOfOneChannel(driver.outputs());
      if (pair === undefined) return;
      const [first, second] = pair;
      const setting = { frequencyHz: possible(middleOf(first)), dutyCycle: 0.5, inverted: false };
      await set(setting, first);
      await expect(set(setting, second)).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`GPIO${first.line}`),
      });
      await expectSignal(first.line, setting);
      await driver.end(first.line);
      await set(setting, second);
      await expectSignal(second.line, setting);
    });

    it("drives two pins of different channels at once", async () => {
      const other = driver
        .outputs()
        .find(({ line, channel }) => line !== output.line && channel !== output.channel);
      if (other === undefined) return;
      const otherSetting = { frequencyHz: possible(middleOf(other)), dutyCycle: 0.5, inverted: false };
      await Promise.all([set(calm), set(otherSetting, other)]);
      await expectSignal(output.line, calm);
      await expectSignal(other.line, otherSetting);
    });

    it("ends a signal, and begins it anew afterwards", async () => {
      await set(calm);
      await driver.end(output.line);
      await expectSignal(output.line, null);
      await set({ ...calm, dutyCycle: 0.5 });
      await expectSignal(output.line, { ...calm, dutyCycle: 0.5 });
    });

    it("is told to stand still and to end at once, as a pin is made safe, and begins anew afterwards", async () => {
      await set({ ...calm, inverted: true });
      await Promise.all([set({ ...calm, dutyCycle: 0 }), driver.end(output.line)]);
      await expectSignal(output.line, null);
      await set(calm);
      await expectSignal(output.line, calm);
    });

    it("leaves a signal on without holding its channel, where nothing else can make the pin what it was", async () => {
      const high = { ...calm, dutyCycle: 1 };
      await set(high);
      await driver.end(output.line, "as-is");
      await expectSignal(output.line, output.fixedFunction ? high : null);
      await driver.stop();
      await expectSignal(output.line, output.fixedFunction ? high : null);
      await driver.start(AbortSignal.timeout(10_000));
      await set(calm);
      await expectSignal(output.line, calm);
      await driver.end(output.line);
      await expectSignal(output.line, null);
    });

    it("has nothing against ending what never began", async () => {
      await driver.end(output.line);
      await driver.end(999);
      await expectSignal(output.line, null);
    });

    it("lets that stand which was asked for last, however fast it comes", async () => {
      const settings = [0.1, 0.9, 0.3, 0.6].map((dutyCycle) => ({ ...calm, dutyCycle }));
      await Promise.all(settings.map((setting) => set(setting)));
      await expectSignal(output.line, settings.at(-1) as PwmSetting);
      await Promise.all([set(calm), driver.end(output.line)]);
      await expectSignal(output.line, null);
    });

    it("ends all signals when it stops, refuses more, and can be started again", async () => {
      await set(calm);
      await driver.stop();
      await expectSignal(output.line, null);
      await expect(set(calm)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await driver.stop();
      await driver.start(AbortSignal.timeout(10_000));
      await set(calm);
      await expectSignal(output.line, calm);
    });
  });
}

/** A frequency well inside the range, so that it can be changed both ways. */
function middleOf({ minFrequencyHz, maxFrequencyHz }: PwmOutput): number {
  const hertz = Math.sqrt(minFrequencyHz * maxFrequencyHz);
  return hertz > 1 ? Math.round(hertz) : hertz;
}

function expectNear(actual: PwmSetting | null, expected: PwmSetting): void {
  expect(actual).not.toBeNull();
  if (actual === null) return;
  expect(actual.inverted).toBe(expected.inverted);
  expect(Math.abs(actual.dutyCycle - expected.dutyCycle)).toBeLessThanOrEqual(TOLERANCE);
  expect(Math.abs(actual.frequencyHz / expected.frequencyHz - 1)).toBeLessThanOrEqual(TOLERANCE);
}

function outputsOfOneChannel(outputs: readonly PwmOutput[]): [PwmOutput, PwmOutput] | undefined {
  for (const first of outputs) {
    const second = outputs.find((each) => each.channel === first.channel && each.line !== first.line);
    if (second !== undefined) return [first, second];
  }
  return undefined;
}
