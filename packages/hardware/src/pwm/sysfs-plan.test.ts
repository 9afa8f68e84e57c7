import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SysfsPwmState, type SysfsWrite, settingOf, stateOf, writesBetween } from "./sysfs-plan.ts";

const state: fc.Arbitrary<SysfsPwmState> = fc
  .record({
    periodNs: fc.integer({ min: 1, max: 10_000 }),
    duty: fc.integer({ min: 0, max: 1_000 }),
    inverted: fc.boolean(),
    enabled: fc.boolean(),
  })
  .map(({ duty, ...rest }) => ({ ...rest, dutyNs: Math.floor((rest.periodNs * duty) / 1_000) }));
const fresh: SysfsPwmState = { periodNs: 0, dutyNs: 0, inverted: false, enabled: false };

/** One write as the kernel takes it; throws what it would refuse. */
function write(before: SysfsPwmState, { file, value }: SysfsWrite): SysfsPwmState {
  if (file === "polarity" && before.enabled) throw new Error("polarity while it runs");
  const after = {
    periodNs: file === "period" ? Number(value) : before.periodNs,
    dutyNs: file === "duty_cycle" ? Number(value) : before.dutyNs,
    inverted: file === "polarity" ? value === "inversed" : before.inverted,
    enabled: file === "enable" ? value === "1" : before.enabled,
  };
  if (after.periodNs === 0 || after.dutyNs > after.periodNs) throw new Error("duty above period");
  return after;
}

describe("the writes from one state of a PWM channel to another", () => {
  it("lead there from any state, through none that the kernel refuses", () => {
    fc.assert(
      fc.property(fc.oneof(state, fc.constant(fresh)), state, (from, to) => {
        expect(writesBetween(from, to).reduce(write, from)).toEqual(to);
      }),
    );
  });

  it("do not stop a signal whose polarity stays", () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        fc.pre(from.enabled && to.enabled && from.inverted === to.inverted);
        expect(writesBetween(from, to).map(({ file }) => file)).not.toContain("enable");
      }),
    );
  });

  it("are none when nothing changes", () => {
    fc.assert(
      fc.property(state, (same) => {
        expect(writesBetween(same, same)).toEqual([]);
      }),
    );
  });
});

describe("a setting in whole nanoseconds", () => {
  it("is the nearest one there is, and comes back as a setting", () => {
    expect(stateOf({ frequencyHz: 3, dutyCycle: 0.5, inverted: true })).toEqual({
      periodNs: 333_333_333,
      dutyNs: 166_666_667,
      inverted: true,
      enabled: true,
    });
    expect(settingOf({ periodNs: 20_000_000, dutyNs: 1_500_000, inverted: false, enabled: true })).toEqual({
      frequencyHz: 50,
      dutyCycle: 0.075,
      inverted: false,
    });
  });
});
