import { describe, expect, it } from "vitest";
import { formatCountdown, formatFromNow } from "./countdown.ts";

describe("formatCountdown", () => {
  it.each([
    [-1, "0 s"],
    [1, "1 s"],
    [59_000, "59 s"],
    [59_001, "1:00 min"],
    [125_000, "2:05 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
  ])("writes %d ms as %s", (remainingMs, text) => {
    expect(formatCountdown(remainingMs)).toBe(text);
  });
});

describe("formatFromNow", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");

  it("tells what is to come from what is gone", () => {
    expect(formatFromNow("2026-11-25T14:00:00Z", now)).toBe("in 4 d 2 h");
    expect(formatFromNow("2036-11-19T12:00:00Z", now)).toBe("in 9 years");
    expect(formatFromNow("2026-11-21T11:59:48Z", now)).toBe("12 s ago");
    expect(formatFromNow("2026-11-21T12:00:00.500Z", now)).toBe("now");
  });
});
