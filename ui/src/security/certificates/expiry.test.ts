import { describe, expect, it } from "vitest";
import { expiryOf } from "./expiry.ts";

const DAY_MS = 24 * 3_600_000;
const start = Date.parse("2026-11-01T00:00:00Z");
const at = (days: number) => new Date(start + days * DAY_MS).toISOString();
const leaf = { notBefore: at(0), notAfter: at(30), renewsAt: at(20) };
const root = { notBefore: at(0), notAfter: at(3650), renewsAt: null };

describe("expiryOf", () => {
  it("tells how much of a life is over, and where it is renewed", () => {
    expect(expiryOf(leaf, start + 15 * DAY_MS)).toEqual({ used: 0.5, renewal: 2 / 3, state: "good" });
  });

  it.each([
    [leaf, -1, "not-yet"],
    [leaf, 20.5, "good"],
    [leaf, 22, "late"],
    [leaf, 30, "expired"],
    [root, 3000, "good"],
    [root, 3600, "soon"],
  ] as const)("%#: after some days", (life, days, state) => {
    expect(expiryOf(life, start + days * DAY_MS).state).toBe(state);
  });

  it("stays within its scale, also for a life of no length", () => {
    expect(expiryOf(leaf, start + 99 * DAY_MS).used).toBe(1);
    expect(expiryOf({ ...leaf, notAfter: leaf.notBefore }, start).used).toBe(0);
  });
});
