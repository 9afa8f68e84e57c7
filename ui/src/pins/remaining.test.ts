import { describe, expect, it } from "vitest";
import { remainingMs, remainingText } from "./remaining.ts";

describe("remainingMs", () => {
  it("counts down from what the owner said, never below nothing", () => {
    expect(remainingMs({ remainingMs: 10_000 }, 1_000, 4_000)).toBe(7_000);
    expect(remainingMs({ remainingMs: 10_000 }, 1_000, 90_000)).toBe(0);
    expect(remainingMs({ remainingMs: null }, 1_000, 4_000)).toBeNull();
  });
});

describe("remainingText", () => {
  it.each([
    [null, null, "until it is released"],
    [60_000, 7_000, "ends in 7 s unless it is renewed"],
    [60_000, 0, "its lease is over by now, unless it was renewed"],
    [60_000, null, "until its lease ends; its owner does not say when"],
  ])("of a lease of %s with %s left", (ttlMs, leftMs, text) => {
    expect(remainingText({ ttlMs }, leftMs)).toBe(text);
  });
});
