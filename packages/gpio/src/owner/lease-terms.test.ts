import { type ReservationRecord, reservationRecordSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import type { Leases } from "./lease-file.ts";
import { markedAsEnded, termAtStart, waitAtStart } from "./lease-terms.ts";

const GRANTED_MS = Date.UTC(2026, 0, 1);
const ULID = "01KDVDNA00ZY8KQDZEF4C74F2C";
const iso = (ms: number) => new Date(ms).toISOString();

const recordOf = (ttlMs: number | null): ReservationRecord =>
  reservationRecordSchema.parse({
    id: `1793e91c-${ULID}`,
    resource: "GPIO18",
    mode: { kind: "output" },
    ttlMs,
    keep: false,
    holder: { userName: "ada", userId: null },
    state: "granted",
    token: "1.1",
    requestedAt: iso(GRANTED_MS),
    grantedAt: iso(GRANTED_MS),
    waitsUntil: null,
    expiresAt: ttlMs === null ? null : iso(GRANTED_MS + ttlMs),
    desired: null,
    requestKey: null,
  });
const at = (afterMs: number, changes: { bootId?: string; uptimeMs?: number } = {}) => ({
  bootId: "one",
  uptimeMs: 100_000 + afterMs,
  wallMs: GRANTED_MS + afterMs,
  ...changes,
});
/** Written down a second after the grant, with an end 10 s after the grant. */
const leases: Leases = {
  bootId: "one",
  uptimeMs: 101_000,
  wallMs: GRANTED_MS + 1_000,
  leases: { [ULID]: { endsAtMs: 110_000, ttlMs: 10_000 } },
};

describe("a lease at the start", () => {
  it("goes on to its very end while the machine went on, whatever the wall clock says", () => {
    const now = { ...at(9_999), wallMs: GRANTED_MS - 3_600_000 };
    expect(termAtStart(recordOf(10_000), leases, now)).toMatchObject({ kind: "stands", endsAtMs: 110_000 });
    expect(termAtStart(recordOf(10_000), leases, at(10_000)).kind).toBe("over");
  });

  it("goes by what was granted when that was after the others were written down, and by no wall clock", () => {
    const granted = { ...recordOf(10_000), uptimeEnd: { bootId: "one", endsAtMs: 112_000 } };
    const now = { ...at(4_000), wallMs: 0 };
    const terms = { kind: "stands", endsAtMs: 112_000 };
    for (const none of [undefined, leases, { ...leases, uptimeMs: 103_000, leases: {} }]) {
      expect(termAtStart(granted, none, now)).toMatchObject(terms);
      expect(termAtStart(granted, none, at(12_000)).kind).toBe("over");
    }
    // It was renewed, for less.
    const renewed = { ...leases, uptimeMs: 103_000 };
    expect(termAtStart(granted, renewed, now)).toMatchObject({ kind: "stands", endsAtMs: 110_000 });
    // The machine was started anew.
    const other = at(4_000, { bootId: "other", uptimeMs: 20 });
    expect(termAtStart(granted, undefined, other)).toMatchObject({ endsAtMs: 20 + 6_000 });
  });

  it("goes by the wall clock after a restart of the machine", () => {
    const now = at(4_000, { bootId: "other", uptimeMs: 20 });
    expect(termAtStart(recordOf(10_000), leases, now)).toMatchObject({ endsAtMs: 20 + 6_000 });
    expect(termAtStart(recordOf(10_000), leases, at(10_000, { bootId: "other" })).kind).toBe("over");
  });

  it("is over when the clock is behind what was known already", () => {
    expect(termAtStart(recordOf(10_000), leases, at(999, { bootId: "other" })).kind).toBe("over");
    expect(termAtStart(recordOf(10_000), undefined, at(-1)).kind).toBe("over");
  });

  it("never has longer than one term", () => {
    const ahead = { ...leases, leases: { [ULID]: { endsAtMs: 999_000, ttlMs: 10_000 } } };
    expect(termAtStart(recordOf(10_000), ahead, at(1_000))).toMatchObject({ endsAtMs: 101_000 + 10_000 });
  });

  it("goes by what was granted when nothing was written down of it", () => {
    for (const none of [undefined, { ...leases, leases: {} }]) {
      expect(termAtStart(recordOf(10_000), none, at(4_000))).toMatchObject({ endsAtMs: 110_000 });
      expect(termAtStart(recordOf(10_000), none, at(10_000)).kind).toBe("over");
    }
  });

  it("stands for ever when it has no term, unless its end has begun", () => {
    expect(termAtStart(recordOf(null), undefined, at(1e12))).toMatchObject({
      kind: "stands",
      endsAtMs: null,
    });
    expect(termAtStart(markedAsEnded(recordOf(null)), undefined, at(0)).kind).toBe("over");
    expect(termAtStart(markedAsEnded(recordOf(10_000)), leases, at(1_000)).kind).toBe("over");
  });

  it("waits no longer than it wanted to, whatever the clock was set to", () => {
    const waiting = { ...recordOf(null), waitsUntil: iso(GRANTED_MS + 5_000) };
    expect(waitAtStart(waiting, at(2_000))).toBe(102_000 + 3_000);
    expect(waitAtStart(waiting, { ...at(2_000), wallMs: 0 })).toBe(102_000 + 5_000);
    const measured = { ...waiting, uptimeEnd: { bootId: "one", endsAtMs: 105_000 } };
    expect(waitAtStart(measured, { ...at(2_000), wallMs: GRANTED_MS + 1e9 })).toBe(105_000);
    expect(waitAtStart(measured, at(2_000, { bootId: "other" }))).toBe(102_000 + 3_000);
  });
});
