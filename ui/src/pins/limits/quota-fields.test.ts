import type { GpioQuotaView } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { emptyQuota, quotaDraft, quotaOf, quotaUse } from "./quota-fields.ts";

const view: GpioQuotaView = {
  namespace: "garden",
  pins: 4,
  pwm: 0,
  powerMilliwatts: 50,
  used: { pins: 5, pwm: 0, i2cDevices: 2, spiDevices: 0, powerMilliwatts: 40 },
};

describe("quotaUse", () => {
  it("says what is used of what, also where it is more than may be", () => {
    expect(quotaUse(view, "pins", "")).toEqual({ text: "5 of 4", ratio: 1.25 });
    expect(quotaUse(view, "powerMilliwatts", " mW")).toEqual({ text: "40 of 50 mW", ratio: 0.8 });
    expect(quotaUse(view, "i2cDevices", "")).toEqual({ text: "2, no limit", ratio: null });
  });

  it("draws a limit of none as full", () => {
    expect(quotaUse(view, "pwm", "")).toEqual({ text: "0 of 0", ratio: 1 });
  });
});

describe("the form of a quota", () => {
  it("gives back the quota that it was made of", () => {
    expect(quotaOf(quotaDraft(view))).toEqual({ namespace: "garden", pins: 4, pwm: 0, powerMilliwatts: 50 });
  });

  it("names each field that is wrong", () => {
    expect(() => quotaOf({ ...emptyQuota, namespace: "Garden!", pins: "-1", pwm: "few" })).toThrow(
      /namespace: .*pins: .*pwm: /,
    );
  });
});
