import { seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { type BoardState, initialState, step } from "./physics.ts";

const thermal = { idleCelsius: 40, busyCelsius: 80, timeConstantMs: 20_000, softLimitCelsius: null };
const random = seededRandom(1);
const state = (fields: Partial<BoardState>): BoardState => ({
  ...initialState(thermal, random),
  cpuUsage: 1,
  cpuBaseline: 1,
  ...fields,
});
const next = (fields: Partial<BoardState>) => step(state(fields), thermal, 4, random);

describe("step", () => {
  it("makes less heat of the same load once the firmware slows the board down", () => {
    // At full speed it would settle at 90 degrees, throttled at 70.
    const surroundings = { extraHeatCelsius: 10 };
    expect(next({ ...surroundings, temperatureCelsius: 79 }).temperatureCelsius).toBeGreaterThan(79);
    expect(next({ ...surroundings, temperatureCelsius: 86 }).temperatureCelsius).toBeLessThan(86);
  });

  it("covers 63 % of the way to where it settles in its time constant", () => {
    let current = state({ cpuUsage: 0, cpuBaseline: 0, temperatureCelsius: 70, burstUntilMs: 0 });
    const calm = { next: () => 0.5 };
    for (let second = 0; second < 20; second++) current = step(current, thermal, 4, calm);
    expect(current.temperatureCelsius).toBeCloseTo(70 - 30 * (1 - Math.exp(-1)), 1);
  });

  it("remembers low voltage and throttling after they are over", () => {
    const low = next({ underVoltage: true });
    const later = step({ ...low, underVoltage: false }, thermal, 4, random);
    expect(later).toMatchObject({ underVoltageOccurred: true, throttledOccurred: true });
  });
});
