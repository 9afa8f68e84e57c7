import { seededRandom, VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { describeMachineContract } from "../machine-contract.ts";
import { type SimulatedBoardName, simulatedBoardNames } from "./boards.ts";
import { simulatedMachine } from "./simulated-machine.ts";

function make(board: SimulatedBoardName = "pi-5", seed = 1) {
  const clock = new VirtualClock();
  const machine = simulatedMachine({ clock, random: seededRandom(seed) }, { board, hostname: "pi-test" });
  return { clock, machine };
}

for (const board of simulatedBoardNames) {
  describeMachineContract(`a simulated ${board}`, async () => {
    const { clock, machine } = make(board);
    return { machine, work: () => clock.advance(10_000) };
  });
}

describe("a simulated board", () => {
  it("repeats itself for the same seed, and is another board for another seed", async () => {
    const day = async (seed: number) => {
      const { clock, machine } = make("pi-4", seed);
      const temperatures = [];
      for (let sample = 0; sample < 20; sample++) {
        await clock.advance(5_000);
        temperatures.push((await machine.sample()).temperatureCelsius);
      }
      return { temperatures, serial: (await machine.detect()).serial };
    };
    expect(await day(1)).toEqual(await day(1));
    expect(await day(1)).not.toEqual(await day(2));
  });

  it.each(simulatedBoardNames)("works for an hour within believable bounds: %s", async (board) => {
    const { clock, machine } = make(board, 7);
    const usages: number[] = [];
    await machine.sample();
    for (let minute = 0; minute < 360; minute++) {
      await clock.advance(10_000);
      const sample = await machine.sample();
      usages.push(sample.cpuUsage ?? -1);
      expect(sample.temperatureCelsius).toBeGreaterThan(35);
      expect(sample.temperatureCelsius).toBeLessThan(80);
      expect(sample.throttling).toMatchObject({ underVoltage: false, throttled: false });
    }
    // It rests most of the time, and works hard now and then.
    expect(usages.toSorted((a, b) => a - b)[180]).toBeLessThan(0.5);
    expect(Math.max(...usages)).toBeGreaterThan(0.6);
  });

  it.each(simulatedBoardNames)(
    "overheats by and by, is capped at 80 and throttled at 85 degrees, and cools: %s",
    async (board) => {
      const { clock, machine } = make(board);
      machine.control.overheat();
      const seen = { celsius: 0, cappedAt: 0, throttledAt: 0 };
      for (let second = 1; second <= 120; second++) {
        await clock.advance(1_000);
        const { temperatureCelsius, throttling } = await machine.sample();
        // No jumps: a heat sink takes its time.
        if (second > 1) expect(Math.abs((temperatureCelsius ?? 0) - seen.celsius)).toBeLessThan(5);
        seen.celsius = temperatureCelsius ?? 0;
        if (throttling?.frequencyCapped) seen.cappedAt ||= seen.celsius;
        if (throttling?.throttled) seen.throttledAt ||= seen.celsius;
      }
      expect(seen.cappedAt).toBeGreaterThanOrEqual(80);
      expect(seen.throttledAt).toBeGreaterThanOrEqual(85);
      machine.control.cool();
      await clock.advance(180_000);
      const { temperatureCelsius, throttling } = await machine.sample();
      expect(temperatureCelsius).toBeLessThan(75);
      expect(throttling).toMatchObject({ throttled: false, throttledOccurred: true });
    },
  );

  it("reports low voltage while it lasts, and remembers it after", async () => {
    const { machine } = make();
    machine.control.brownOut();
    expect((await machine.sample()).throttling).toMatchObject({ underVoltage: true, throttled: true });
    machine.control.restoreVoltage();
    expect((await machine.sample()).throttling).toMatchObject({
      underVoltage: false,
      throttled: false,
      underVoltageOccurred: true,
    });
  });

  it("lets only a Pi 3 B+ reach a soft limit, at 60 degrees", async () => {
    const limits = async (board: SimulatedBoardName) => {
      const { clock, machine } = make(board);
      machine.control.overheat();
      for (;;) {
        await clock.advance(1_000);
        const { temperatureCelsius, throttling } = await machine.sample();
        if ((temperatureCelsius ?? 0) >= 60) return throttling;
      }
    };
    expect(await limits("pi-3")).toMatchObject({ softTemperatureLimit: true, frequencyCapped: false });
    expect(await limits("pi-4")).toMatchObject({ softTemperatureLimit: false });
  });

  it("catches up after a day that nobody looked, without a day of steps", async () => {
    const { clock, machine } = make();
    const before = await machine.sample();
    await clock.advance(86_400_000);
    const startedMs = performance.now();
    const after = await machine.sample();
    expect(performance.now() - startedMs).toBeLessThan(100);
    expect(after.uptimeSeconds - before.uptimeSeconds).toBeCloseTo(86_400, 0);
  });
});
