import { describe, expect, it } from "vitest";
import { changeOf, viewOf } from "./pin-samples.ts";
import { formatFrequency, signalOf, signalText } from "./pin-signal.ts";

const { observed } = viewOf({});

describe("signalOf", () => {
  it("takes what the stream told since the owner was asked", () => {
    expect(signalOf(viewOf({}), changeOf({}), false)).toMatchObject({ status: "current", level: "high" });
  });

  it("takes what the owner said since the stream told", () => {
    const older = changeOf({ timestamp: "2026-11-21T05:00:05.000Z" });
    expect(signalOf(viewOf({}), older, false)).toMatchObject({ status: "current", level: "low" });
  });

  it("leaves out what was told of whoever held the pin before", () => {
    const other = changeOf({ reservation: "35f129ca-01M7Z2Q8RYM41HBYW3D5MX32FA" });
    expect(signalOf(viewOf({}), other, false).level).toBe("low");
  });

  it("is unknown, with what was last, while the owner does not answer", () => {
    const away = viewOf({ observed: { ...observed, status: "unknown", value: null } });
    expect(signalOf(away, undefined, false)).toMatchObject({ status: "unknown", level: "low" });
    expect(signalOf(viewOf({}), changeOf({}), true)).toMatchObject({ status: "unknown", level: "high" });
  });

  it("knows nothing where nothing was ever heard", () => {
    const never = viewOf({
      observed: { ...observed, status: "unknown", asOf: null, value: null, lastValue: null },
    });
    const signal = signalOf(never, undefined, false);
    expect([signal.status, signalText(signal)]).toEqual(["unknown", null]);
  });
});

describe("signalText", () => {
  it("says a duty cycle with its frequency where that is known", () => {
    const signal = { ...signalOf(viewOf({}), undefined, false), dutyCycle: 0.42 };
    expect(signalText(signal)).toBe("42 %");
    expect(signalText({ ...signal, frequencyHz: 50 })).toBe("42 % at 50 Hz");
  });
});

describe("formatFrequency", () => {
  it.each([
    [0.1, "0.1 Hz"],
    [999, "999 Hz"],
    [1000, "1 kHz"],
    [1234.5, "1.234 kHz"],
    [1_250_000, "1.25 MHz"],
  ])("%f", (hertz, text) => {
    expect(formatFrequency(hertz)).toBe(text);
  });
});
