import { describe, expect, it } from "vitest";
import { formatAscii, formatHexBytes, parseHexBytes } from "./hex-bytes.ts";

describe("parseHexBytes", () => {
  it.each([
    ["48 0a", [0x48, 0x0a]],
    ["0x48, 0x0A;f", [0x48, 0x0a, 0x0f]],
    ["480aff", [0x48, 0x0a, 0xff]],
    ["", []],
  ])("%s", (text, bytes) => {
    expect(parseHexBytes(text)).toEqual(bytes);
  });

  it.each(["zz", "123", "0x", "48 -1"])("refuses %s", (text) => {
    expect(parseHexBytes(text)).toBeNull();
  });

  it("refuses more than a transaction takes", () => {
    expect(parseHexBytes("00".repeat(4_096))).toHaveLength(4_096);
    expect(parseHexBytes("00".repeat(4_097))).toBeNull();
  });

  it("reads back what it has written", () => {
    const all = Array.from({ length: 256 }, (_, byte) => byte);
    expect(parseHexBytes(formatHexBytes(all))).toEqual(all);
  });
});

describe("formatAscii", () => {
  it("puts a dot for what cannot be printed", () => {
    expect(formatAscii([0x48, 0x69, 0, 0x7f, 0xff])).toBe("Hi...");
  });
});
