import { describe, expect, it } from "vitest";
import { decodeRevision, familyFromModel } from "./revision.ts";

const MEBIBYTE = 2 ** 20;

describe("decodeRevision", () => {
  // Codes in use, from Raspberry Pi's documentation.
  it.each([
    ["900021", "pi-a-plus", 512],
    ["a01041", "pi-2", 1024],
    ["a02082", "pi-3", 1024],
    ["a020d3", "pi-3-b-plus", 1024],
    ["9020e0", "pi-3-a-plus", 512],
    ["a02100", "cm3-plus", 1024],
    ["902120", "pi-zero-2w", 512],
    ["b03115", "pi-4", 2048],
    ["d03114", "pi-4", 8192],
    ["c03130", "pi-400", 4096],
    ["d03140", "cm4", 8192],
    ["c04170", "pi-5", 4096],
    ["e04171", "pi-5", 16_384],
    ["c04180", "cm5", 4096],
    ["d04190", "pi-500", 8192],
    ["d041a0", "cm5-lite", 8192],
    ["000e", "pi-b", 512],
    ["0015", "pi-a-plus", 256],
  ])("reads %s as %s with %i MiB", (code, family, mebibytes) => {
    expect(decodeRevision(code)).toMatchObject({ family, memoryBytes: mebibytes * MEBIBYTE });
  });

  it("leaves the bits about warranty and overvoltage out of account", () => {
    expect(decodeRevision("2a02082")).toEqual(decodeRevision("a02082"));
    expect(decodeRevision("1000002")).toEqual(decodeRevision("0002"));
    expect(decodeRevision("80c03114")).toEqual(decodeRevision("c03114"));
  });

  it("names a type that is newer than it, and refuses what is no code", () => {
    expect(decodeRevision("d04ff0")?.family).toBe("pi-ff");
    expect([decodeRevision(""), decodeRevision("rev 2"), decodeRevision("0000")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("tells the board's own revision", () => {
    expect(decodeRevision("c03114")?.boardRevision).toBe(4);
  });
});

describe("familyFromModel", () => {
  it.each([
    ["Raspberry Pi 500", "pi-500"],
    ["Raspberry Pi 5 Model B Rev 1.0", "pi-5"],
    ["Raspberry Pi 3 Model B Plus Rev 1.3", "pi-3-b-plus"],
    ["Raspberry Pi 3 Model B", "pi-3"],
    ["Raspberry Pi Zero 2 W Rev 1.0", "pi-zero-2w"],
    ["Raspberry Pi Compute Module 4 Rev 1.1", "cm4"],
    ["Banana Pi", "generic"],
  ])("takes %s for %s", (model, family) => {
    expect(familyFromModel(model)).toBe(family);
  });
});
