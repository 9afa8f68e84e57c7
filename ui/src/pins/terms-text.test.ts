import { gpioModeSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { formatTerm, modeText, valueText } from "./terms-text.ts";

describe("modeText", () => {
  it.each([
    [{ kind: "output" }, "output, starts low"],
    [{ kind: "output", drive: "open-drain", activeLow: true }, "output, open-drain, active low, starts low"],
    [
      { kind: "input", pull: "up", edges: "both", debounceMs: 5 },
      "input, pull-up, both edges, debounced 5 ms",
    ],
    [{ kind: "pwm", method: "hardware", frequencyHz: 50 }, "PWM, in hardware, 50 Hz"],
    [{ kind: "i2c" }, "I2C device"],
  ])("%j", (mode, text) => {
    expect(modeText(gpioModeSchema.parse(mode))).toBe(text);
  });
});

describe("formatTerm", () => {
  it.each([
    [250, "250 ms"],
    [1_500, "1500 ms"],
    [90_000, "90 s"],
    [60_000, "1 min"],
    [7_200_000, "2 h"],
    [86_400_000, "1 d"],
  ])("%i", (ms, text) => {
    expect(formatTerm(ms)).toBe(text);
  });
});

describe("valueText", () => {
  it.each([
    [{ level: "high" } as const, "high"],
    [{ dutyCycle: 0.42 }, "42 %"],
    [{ dutyCycle: 0.42, frequencyHz: 50 }, "42 % at 50 Hz"],
  ])("%j", (value, text) => {
    expect(valueText(value)).toBe(text);
  });
});
