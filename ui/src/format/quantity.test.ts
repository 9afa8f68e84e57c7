import { describe, expect, it } from "vitest";
import { formatByteRate, formatBytes, formatCelsius, formatMilliseconds, formatPercent } from "./quantity.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1023.9 * 1024, "1.0 MiB"],
    [150 * 1024 ** 2, "150 MiB"],
    [8 * 1024 ** 3, "8.0 GiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("quantities", () => {
  it("carry their unit", () => {
    expect(formatByteRate(2048)).toBe("2.0 KiB/s");
    expect(formatPercent(0.417)).toBe("42 %");
    expect(formatCelsius(48.26)).toBe("48.3 °C");
    expect(formatMilliseconds(0.42)).toBe("0.4 ms");
    expect(formatMilliseconds(12.4)).toBe("12 ms");
  });
});
