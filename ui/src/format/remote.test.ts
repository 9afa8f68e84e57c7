import { describe, expect, it } from "vitest";
import { sampleOf } from "../test-samples.ts";
import { formatCelsius } from "./quantity.ts";
import { showRemote } from "./remote.ts";

const remote = { asOf: "2026-11-21T05:00:00Z", ageMs: 12_000, membership: "dead" } as const;
const temperature = (sample: ReturnType<typeof sampleOf>) => sample.temperatureCelsius;

describe("showRemote", () => {
  it("shows a current value as it is", () => {
    const metrics = { ...remote, status: "current", value: sampleOf({}), lastValue: sampleOf({}) } as const;
    expect(showRemote(metrics, temperature, formatCelsius, 500)).toEqual({
      status: "current",
      text: "48.3 °C",
      last: null,
    });
  });

  it("shows the last value of an unreachable node beside unknown, with its age", () => {
    const metrics = { ...remote, status: "unknown", value: null, lastValue: sampleOf({}) } as const;
    expect(showRemote(metrics, temperature, formatCelsius, 12_000)).toEqual({
      status: "unknown",
      text: "unknown",
      last: "last 48.3 °C, 12 s ago",
    });
  });

  it("claims no last value when nothing was ever heard", () => {
    const metrics = { ...remote, asOf: null, ageMs: null, status: "unknown", value: null, lastValue: null };
    expect(showRemote({ ...metrics, status: "unknown" }, temperature, formatCelsius, null).last).toBeNull();
  });

  it("tells a value that cannot be measured from one that is unknown", () => {
    const sample = sampleOf({ temperatureCelsius: null });
    const metrics = { ...remote, status: "current", value: sample, lastValue: sample } as const;
    expect(showRemote(metrics, temperature, formatCelsius, 0).status).toBe("unmeasured");
  });
});
