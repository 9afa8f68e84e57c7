import { describe, expect, it } from "vitest";
import { jsonErrorOffset } from "./json-position.ts";

describe("jsonErrorOffset", () => {
  it.each([
    ["oops", 0],
    ["", 0],
    ["[1, 2", 5],
    ["[1,]", 3],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["{a:1}", 1],
    ['{"a":1} x', 8],
    ["[01]", 1],
    ["[1 2]", 3],
    ['["\n"]', 1],
    ["]", 0],
    ["[}", 1],
    ['{"a":[{"b":tru}]}', 11],
  ])("finds where %j goes wrong", (text, offset) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(jsonErrorOffset(text)).toBe(offset);
  });

  it("takes deep nesting without a deep stack", () => {
    expect(jsonErrorOffset("[".repeat(60_000))).toBe(60_000);
  });

  it("reaches the end of what is JSON", () => {
    const text = JSON.stringify(
      { a: [1, -2.5e3, 'x\\"\u00e9', null, true, {}, []], b: { c: false } },
      null,
      2,
    );
    expect(jsonErrorOffset(text)).toBe(text.length);
  });
});
