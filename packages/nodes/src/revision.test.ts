import { describe, expect, it } from "vitest";
import { revisionOf } from "./revision.ts";

describe("revisionOf", () => {
  it("does not depend on the order of keys, at any depth", () => {
    expect(revisionOf({ a: 1, b: { c: 2, d: 3 } })).toBe(revisionOf({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it("changes with the content", () => {
    expect(revisionOf({ name: "pi-a" })).not.toBe(revisionOf({ name: "pi-b" }));
  });
});
