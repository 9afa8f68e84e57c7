import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changed, phaseAt, type Waveform } from "./software-phase.ts";

describe("the phase of a software signal", () => {
  const waveform: Waveform = { originMs: 1_000, periodMs: 100, onMs: 25 };

  it("is on at the beginning of each turn and off for the rest of it", () => {
    expect(phaseAt(waveform, 1_000)).toEqual({ on: true, changesAtMs: 1_025 });
    expect(phaseAt(waveform, 1_024.9)).toEqual({ on: true, changesAtMs: 1_025 });
    expect(phaseAt(waveform, 1_025)).toEqual({ on: false, changesAtMs: 1_100 });
    expect(phaseAt(waveform, 1_100)).toEqual({ on: true, changesAtMs: 1_125 });
  });

  it("leaves out turns that nobody saw, and stays where it would have been", () => {
    expect(phaseAt(waveform, 11_030)).toEqual({ on: false, changesAtMs: 11_100 });
  });

  it("never changes at duty cycles of 0 and 1", () => {
    expect(phaseAt({ ...waveform, onMs: 0 }, 1_234)).toEqual({ on: false, changesAtMs: null });
    expect(phaseAt({ ...waveform, onMs: 100 }, 1_234)).toEqual({ on: true, changesAtMs: null });
  });

  it("always changes later than it is looked at, also when fractions do not add up", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 10, max: 10_000, noNaN: true }),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (originMs, periodMs, onMs, afterMs) => {
          const signal = { originMs, periodMs, onMs };
          let nowMs = originMs + afterMs;
          for (let change = 0; change < 10; change++) {
            const phase = phaseAt(signal, nowMs);
            expect(phase.changesAtMs).toBeGreaterThan(nowMs);
            expect(phase.changesAtMs).toBeLessThan(nowMs + periodMs + 1e-3);
            nowMs = phase.changesAtMs ?? Number.NaN;
            expect(phaseAt(signal, nowMs).on).toBe(!phase.on);
          }
        },
      ),
    );
  });

  it("does not stay on when it is changed often: a change does not begin a new turn", () => {
    let signal = waveform;
    let onMs = 0;
    for (let nowMs = 1_000; nowMs < 2_000; nowMs++) {
      signal = changed(signal, 100, 25, nowMs);
      if (phaseAt(signal, nowMs).on) onMs++;
    }
    expect(onMs).toBe(250);
  });
});
