import { describe, expect, it } from "vitest";
import { confirmationsWanted, Suspicion, silenceToDieMs } from "./suspicion.ts";

const LIMITS = { minimumMs: 2_000, maximumMs: 6_000 };

describe("silenceToDieMs", () => {
  it("falls from the maximum to the minimum with each confirmation, and no further", () => {
    const silences = [0, 1, 2, 3].map((confirmations) => silenceToDieMs(confirmations, 2, LIMITS));
    expect(silences[0]).toBe(6_000);
    expect(silences[1]).toBeGreaterThan(2_000);
    expect(silences[1]).toBeLessThan(4_000);
    expect(silences.slice(2)).toEqual([2_000, 2_000]);
  });

  it("is the minimum where nobody could confirm", () => {
    expect(confirmationsWanted(1)).toBe(0);
    expect(silenceToDieMs(0, 0, LIMITS)).toBe(2_000);
  });
});

describe("Suspicion", () => {
  const witnessed = (silentSinceMs: number) => {
    const suspicion = new Suspicion(silentSinceMs, 0.5);
    suspicion.witnessed = true;
    suspicion.plan(0, LIMITS);
    return suspicion;
  };

  it("gives a last chance before the verdict, once", () => {
    const suspicion = witnessed(1_000);
    expect(suspicion.due(2_600, 300)).toBeUndefined();
    expect(suspicion.due(2_700, 300)).toBe("last-chance");
    expect(suspicion.due(2_700, 300)).toBeUndefined();
    expect(suspicion.due(2_999, 300)).toBeUndefined();
    expect(suspicion.due(3_000, 300)).toBe("verdict");
  });

  it("leaves time for the last chance also when it comes late", () => {
    const suspicion = witnessed(1_000);
    expect(suspicion.due(5_000, 300)).toBe("last-chance");
    expect(suspicion.due(5_100, 300)).toBeUndefined();
    expect(suspicion.due(5_150, 300)).toBe("verdict");
  });

  it("waits longer on hearsay than as a witness", () => {
    const suspicion = new Suspicion(0, 0.5);
    suspicion.plan(0, LIMITS);
    expect(suspicion.verdictAtMs).toBe(3_000);
    suspicion.witnessed = true;
    suspicion.plan(0, LIMITS);
    expect(suspicion.verdictAtMs).toBe(2_000);
  });

  it("does not count the time that this process lost", () => {
    const suspicion = witnessed(0);
    suspicion.excuse(10_000, 10_500);
    suspicion.plan(0, LIMITS);
    expect(suspicion.verdictAtMs).toBe(12_000);
  });
});
