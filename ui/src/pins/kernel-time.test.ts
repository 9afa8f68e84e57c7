import { describe, expect, it } from "vitest";
import { formatKernelGap, formatKernelTime } from "./kernel-time.ts";

describe("formatKernelTime", () => {
  it("keeps microseconds of numbers that a float would lose", () => {
    expect(formatKernelTime("9007199254740993123")).toBe("9007199254.740993 s");
    expect(formatKernelTime("1500")).toBe("0.000001 s");
  });
});

describe("formatKernelGap", () => {
  it.each([
    ["1000000", "1250000", "250 µs"],
    ["0", "12345678", "12.3 ms"],
    ["9007199254740993123", "9007199258790993123", "4.05 s"],
  ])("%s to %s", (from, to, text) => {
    expect(formatKernelGap(from, to)).toBe(text);
  });
});
