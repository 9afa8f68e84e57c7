import { describe, expect, it } from "vitest";
import { formatAgo, formatDuration } from "./duration.ts";

describe("formatDuration", () => {
  it.each([
    [-5, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_000, "59 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 d"],
    [352_800_000, "4 d 2 h"],
  ])("writes %d ms as %s", (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe("formatAgo", () => {
  it("tells never from now from some time ago", () => {
    expect(formatAgo(null)).toBe("never");
    expect(formatAgo(400)).toBe("now");
    expect(formatAgo(12_300)).toBe("12 s ago");
  });
});
