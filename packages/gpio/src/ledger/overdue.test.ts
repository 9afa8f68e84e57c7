import { describe, expect, it } from "vitest";
import { entryOf, idOf, ledgerOf } from "./ledger.fixture.ts";
import { overdue } from "./overdue.ts";

describe("overdue", () => {
  it("ends a lease at the very moment when nothing of it is left", () => {
    const ledger = ledgerOf(entryOf(1, { state: "granted" }, { endsAtMs: 1_000 }));
    expect(overdue(ledger, 999.9)).toEqual({ ended: [], nextMs: 1_000 });
    expect(overdue(ledger, 1_000)).toEqual({ ended: [{ id: idOf(1), reason: "expired" }], nextMs: null });
  });

  it("lets stand what has no end", () => {
    const ledger = ledgerOf(entryOf(1, { state: "granted" }), entryOf(2));
    expect(overdue(ledger, Number.MAX_SAFE_INTEGER)).toEqual({ ended: [], nextMs: null });
  });

  it("says of one who waited too long that he gave up", () => {
    const ledger = ledgerOf(entryOf(1, {}, { endsAtMs: 500 }));
    expect(overdue(ledger, 500).ended).toEqual([{ id: idOf(1), reason: "gave up waiting" }]);
  });

  it("ends one that was not written for as long as its watchdog waits", () => {
    const ledger = ledgerOf(
      entryOf(1, { state: "granted", watchdogMs: 200 }, { endsAtMs: 5_000, lastWriteMs: 1_000 }),
    );
    expect(overdue(ledger, 1_199)).toEqual({ ended: [], nextMs: 1_200 });
    expect(overdue(ledger, 1_200).ended).toEqual([{ id: idOf(1), reason: "watchdog" }]);
  });

  it("tells the reason that came first, however late it looks", () => {
    const times = { endsAtMs: 1_000, lastWriteMs: 900 };
    const ledger = ledgerOf(
      entryOf(1, { state: "granted", watchdogMs: 200 }, times),
      entryOf(2, { state: "granted", watchdogMs: 50 }, times),
    );
    expect(overdue(ledger, 9_000).ended).toEqual([
      { id: idOf(2), reason: "watchdog" },
      { id: idOf(1), reason: "expired" },
    ]);
  });

  it("does not watch one that waits: nobody can write it", () => {
    const ledger = ledgerOf(entryOf(1, { watchdogMs: 200 }, { endsAtMs: 5_000 }));
    expect(overdue(ledger, 4_000)).toEqual({ ended: [], nextMs: 5_000 });
  });

  it("looks again at the next of all that are still to come", () => {
    const ledger = ledgerOf(
      entryOf(1, { state: "granted" }, { endsAtMs: 100 }),
      entryOf(2, { state: "granted" }, { endsAtMs: 900 }),
      entryOf(3, {}, { endsAtMs: 300 }),
    );
    expect(overdue(ledger, 100).nextMs).toBe(300);
  });
});
