import { describe, expect, it } from "vitest";
import { ageOf } from "./peer-clock.ts";

describe("ageOf", () => {
  // A Pi that started in 1970 because it has not heard from a time server yet.
  const clock = { toldMs: 60_000, heardAt: 1000 };

  it("reckons by the clock of the peer and goes on between answers", () => {
    expect(ageOf("1970-01-01T00:00:48.000Z", clock, 1000)).toBe(12_000);
    expect(ageOf("1970-01-01T00:00:48.000Z", clock, 4500)).toBe(15_500);
  });

  it("is never negative, and null when it never happened", () => {
    expect(ageOf("1970-01-01T00:02:00.000Z", clock, 1000)).toBe(0);
    expect(ageOf(null, clock, 1000)).toBeNull();
  });
});
