import { describe, expect, it } from "vitest";
import { BLOCK, cutUpTo } from "./retention.ts";

const at = (sequence: number) => ({ sequence, hash: "" });
const retention = { maxRecords: 2_000, maxAgeMs: 1, minRecords: 1_000 };

describe("cutUpTo", () => {
  it("cuts whole blocks beyond the number that is kept", () => {
    expect(cutUpTo(at(0), at(2_000 + BLOCK - 1), undefined, retention)).toBeUndefined();
    expect(cutUpTo(at(0), at(2_000 + BLOCK), undefined, retention)).toBe(BLOCK);
    expect(cutUpTo(at(500), at(9_000), undefined, retention)).toBe(7_000);
  });

  it("cuts what is too old, but for the newest so many", () => {
    expect(cutUpTo(at(0), at(1_800), 700, retention)).toBe(500);
    expect(cutUpTo(at(0), at(1_800), 1_800, retention)).toBe(500);
    expect(cutUpTo(at(0), at(1_400), 1_400, retention)).toBeUndefined();
  });
});
