import { describe, expect, it } from "vitest";
import { preferredLink } from "./duplicate-links.ts";
import { isDead, KEEP_ALIVE_INTERVAL_MS, silentIntervals } from "./keep-alive.ts";

describe("silentIntervals", () => {
  it("gives a connection up after three intervals without a sign of life", () => {
    let silent = 0;
    const heardMs = 100;
    for (const previousTickMs of [5_100, 10_100]) {
      silent = silentIntervals(silent, heardMs, previousTickMs);
      expect(isDead(silent)).toBe(false);
    }
    expect(isDead(silentIntervals(silent, heardMs, 15_100))).toBe(true);
  });

  it("begins anew with every sign of life", () => {
    expect(silentIntervals(2, 5_200, 5_100)).toBe(0);
  });

  it("counts one for a process that was stopped for minutes", () => {
    const stoppedForMs = 100 * KEEP_ALIVE_INTERVAL_MS;
    expect(silentIntervals(0, 100, stoppedForMs)).toBe(1);
  });
});

describe("preferredLink", () => {
  const link = (dialler: string, openedAtMs: number) => ({ dialler, openedAtMs });

  it("is what the lower id dialled, of those the newest, whatever their order", () => {
    const links = [link("b", 9), link("a", 1), link("a", 5)];
    expect(preferredLink(links)).toEqual(link("a", 5));
    expect(preferredLink(links.toReversed())).toEqual(link("a", 5));
  });

  it("is nothing when there is none", () => {
    expect(preferredLink([])).toBeUndefined();
  });
});
