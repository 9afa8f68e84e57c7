import { describe, expect, it } from "vitest";
import { RoundTrip } from "./round-trip.ts";
import {
  defaultTiming,
  directTimeoutMs,
  minimumSilenceMs,
  probeIntervalMs,
  syncIntervalMs,
} from "./timing.ts";

describe("timing", () => {
  it("probes less often where a round trip takes longer, within limits", () => {
    const intervals = [0, 10, 60, 5_000].map((roundTripMs) => probeIntervalMs(defaultTiming, roundTripMs, 1));
    expect(intervals).toEqual([100, 100, 300, 600]);
  });

  it("slows down and waits longer with bad local health", () => {
    expect(probeIntervalMs(defaultTiming, 0, 3)).toBe(300);
    expect(directTimeoutMs(defaultTiming, 10, 3)).toBe(630);
  });

  it("never lets one slow minute blind a peer", () => {
    expect(minimumSilenceMs(defaultTiming, 60_000)).toBe(3_060);
  });

  it("tolerates a stall of two seconds whatever the round trip", () => {
    for (const boundMs of [0, 1, 100, 1_000])
      expect(minimumSilenceMs(defaultTiming, boundMs)).toBeGreaterThan(2_050);
  });

  it("exchanges whole views less often in a large mesh", () => {
    expect([2, 32, 64, 1_000].map((members) => syncIntervalMs(defaultTiming, members) / 30_000)).toEqual([
      1, 1, 2, 6,
    ]);
  });
});

describe("RoundTrip", () => {
  it("settles on what it sees, and its bound on the variation", () => {
    const roundTrip = new RoundTrip();
    for (let count = 0; count < 100; count++) roundTrip.add(count % 2 === 0 ? 8 : 12);
    expect(roundTrip.smoothedMs).toBeGreaterThan(9);
    expect(roundTrip.smoothedMs).toBeLessThan(11);
    expect(roundTrip.boundMs).toBeGreaterThan(12);
    expect(roundTrip.boundMs).toBeLessThan(25);
  });
});
