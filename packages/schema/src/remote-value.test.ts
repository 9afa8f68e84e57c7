import { describe, expect, it } from "vitest";
import { remoteValue } from "./remote-value.ts";

const heard = { value: 42, asOf: "2026-01-01T00:00:00.000Z", ageMs: 3_000 };

describe("remoteValue", () => {
  it("is current while its owner is alive and it is young", () => {
    expect(remoteValue(heard, "alive", 10_000)).toMatchObject({
      status: "current",
      value: 42,
      lastValue: 42,
    });
  });

  it.each(["dead", "left", "unknown"] as const)(
    "is unknown, with the last value beside it, when its owner is %s",
    (state) => {
      expect(remoteValue(heard, state, 10_000)).toEqual({
        status: "unknown",
        asOf: heard.asOf,
        ageMs: 3_000,
        membership: state,
        value: null,
        lastValue: 42,
      });
    },
  );

  it("is unknown when it is too old, however alive its owner", () => {
    expect(remoteValue({ ...heard, ageMs: 10_001 }, "alive", 10_000)).toMatchObject({
      status: "unknown",
      value: null,
    });
  });

  it("is unknown without any value when nothing was ever heard", () => {
    expect(remoteValue(undefined, "alive", 10_000)).toMatchObject({
      status: "unknown",
      asOf: null,
      lastValue: null,
    });
  });
});
