import { describe, expect, test } from "vitest";
import { wantsReplacement } from "./replacement.ts";

const options = { overheadFraction: 0.2, overheadBytes: 1000 };

describe("a document", () => {
  test("is replaced when its tombstones take more than their part of the content", () => {
    expect(wantsReplacement({ encodedBytes: 12_001, freshBytes: 10_000 }, options)).toBe(true);
    expect(wantsReplacement({ encodedBytes: 12_000, freshBytes: 10_000 }, options)).toBe(false);
  });

  test("is not replaced for a few bytes, however little is in it", () => {
    expect(wantsReplacement({ encodedBytes: 1002, freshBytes: 2 }, options)).toBe(false);
    expect(wantsReplacement({ encodedBytes: 1003, freshBytes: 2 }, options)).toBe(true);
  });
});
