import { describe, expect, it } from "vitest";
import { type AlarmState, nextAlarms, noAlarms } from "./alarms.ts";
import { decodeThrottling, parseThrottlingBits } from "./throttling.ts";

/** Feeds readings, one a second, and gives the types of the events with the second they came at. */
function play(readings: readonly { celsius?: number | null; bits?: number | null }[]) {
  let state: AlarmState = noAlarms;
  return readings.flatMap(({ celsius = 50, bits = 0 }, second) => {
    const sample = {
      temperatureCelsius: celsius,
      throttling: bits === null ? null : decodeThrottling(bits),
    };
    const next = nextAlarms(state, sample, second * 1_000);
    state = next.state;
    return next.events.map(({ type }) => `${second} ${type}`);
  });
}

describe("nextAlarms", () => {
  it("tells once that it got hot, and once that it is normal, well below", () => {
    const celsius = [79, 80, 85, 79, 80, 76, 75, 74.9, 79];
    expect(play(celsius.map((value) => ({ celsius: value })))).toEqual([
      "1 hardware.temperature.high",
      "7 hardware.temperature.normal",
    ]);
  });

  it("says nothing of a board that starts cool and well powered", () => {
    expect(play([{ celsius: 40 }, { celsius: 41 }])).toEqual([]);
  });

  it("keeps an alarm while the sensor is silent", () => {
    const readings = [{ celsius: 90 }, { celsius: null }, { celsius: 90 }, { celsius: null }];
    expect(play(readings)).toEqual(["0 hardware.temperature.high"]);
  });

  it("tells of low voltage at once, and that it is normal after ten good seconds in a row", () => {
    const low = { bits: 0x50005 };
    const good = { bits: 0x50000 };
    const readings = [low, good, good, low, ...Array.from({ length: 11 }, () => good)];
    expect(play(readings)).toEqual(["0 hardware.voltage.low", "14 hardware.voltage.normal"]);
  });

  it("does not take silence for good voltage", () => {
    expect(play([{ bits: 1 }, ...Array.from({ length: 30 }, () => ({ bits: null }))])).toEqual([
      "0 hardware.voltage.low",
    ]);
  });
});

describe("throttling flags", () => {
  it("are read from vcgencmd and from sysfs", () => {
    expect(parseThrottlingBits("throttled=0x50005\n")).toBe(0x50005);
    expect(parseThrottlingBits("50005")).toBe(0x50005);
    expect(() => parseThrottlingBits('error=1 error_msg="Command not registered"')).toThrow(
      "throttling flags",
    );
  });

  it("mean what the documentation says, each bit by itself", () => {
    const flagsOf = (bits: number) =>
      Object.entries(decodeThrottling(bits)).flatMap(([flag, set]) => (set ? [flag] : []));
    expect([0, 1, 2, 3, 16, 18].map((bit) => flagsOf(1 << bit))).toEqual([
      ["underVoltage"],
      ["frequencyCapped"],
      ["throttled"],
      ["softTemperatureLimit"],
      ["underVoltageOccurred"],
      ["throttledOccurred"],
    ]);
    expect(flagsOf(0)).toEqual([]);
  });
});
