import { describe, expect, it } from "vitest";
import { claimsOf, entryOf, idOf, ledgerOf, modeOf, noLimits } from "./ledger.fixture.ts";
import type { Limits } from "./ledger.ts";
import { nextInLine } from "./next-in-line.ts";
import { noUsage } from "./usage.ts";

const limitOf = (pins: number, boardMilliwatts: number | null = null): Limits => ({
  quotaOf: (namespace) => (namespace === "garden" ? { namespace, pins } : undefined),
  usedElsewhere: () => noUsage,
  boardMilliwatts,
});

describe("nextInLine", () => {
  it("gives nothing to nobody", () => {
    expect(nextInLine(ledgerOf(entryOf(1, { state: "granted" })), noLimits)).toEqual([]);
    expect(nextInLine(ledgerOf(), noLimits)).toEqual([]);
  });

  it("takes the highest priority, then who came first, whatever their order in memory", () => {
    const ledger = ledgerOf(entryOf(4), entryOf(3, { priority: 1 }), entryOf(2, { priority: 1 }), entryOf(1));
    expect(nextInLine(ledger, noLimits)).toEqual([idOf(2)]);
  });

  it("gives to several at once what does not conflict", () => {
    const share = (address: string) => ({ claims: claimsOf(`i2c-1:${address}`, "gpio:2/i2c-1") });
    const ledger = ledgerOf(
      entryOf(1, {}, share("0x48")),
      entryOf(2, {}, share("0x48")),
      entryOf(3, {}, share("0x49")),
      entryOf(4, { resource: "GPIO4" }),
    );
    expect(nextInLine(ledger, noLimits)).toEqual([idOf(1), idOf(3), idOf(4)]);
  });

  it("keeps for the first what is free already, until he can have all of it", () => {
    const ledger = ledgerOf(
      entryOf(1, { state: "granted" }),
      entryOf(2, {}, { claims: claimsOf("gpio:18", "pwm:pwm0") }),
      entryOf(3, { resource: "GPIO12" }, { claims: claimsOf("gpio:12", "pwm:pwm0") }),
      entryOf(4, { resource: "GPIO12" }),
      entryOf(5, { resource: "GPIO4" }),
    );
    expect(nextInLine(ledger, noLimits)).toEqual([idOf(5)]);
  });

  it("lets one whom his tenant's quota keeps from it hold up neither the others in his line nor other lines", () => {
    const ledger = ledgerOf(
      entryOf(1, { state: "granted", namespace: "garden", resource: "GPIO4" }),
      entryOf(2, { namespace: "garden", priority: 5 }),
      entryOf(3),
      entryOf(4, { resource: "GPIO5" }),
    );
    expect(nextInLine(ledger, limitOf(1))).toEqual([idOf(3), idOf(4)]);
    expect(nextInLine(ledger, limitOf(2))).toEqual([idOf(2), idOf(4)]);
  });

  it("counts what it has just given against the quota of the next", () => {
    const garden = { namespace: "garden" } as const;
    const ledger = ledgerOf(entryOf(1, garden), entryOf(2, { ...garden, resource: "GPIO4" }), entryOf(3));
    expect(nextInLine(ledger, limitOf(1))).toEqual([idOf(1)]);
  });

  it("keeps the power budget, and gives to others what is left of it", () => {
    const ledger = ledgerOf(
      entryOf(1, { state: "granted", resource: "GPIO4", powerMilliwatts: 100 }),
      entryOf(2, { powerMilliwatts: 100 }),
      entryOf(3, { resource: "GPIO5", powerMilliwatts: 60, mode: modeOf({ kind: "pwm" }) }),
    );
    expect(nextInLine(ledger, limitOf(9, 165))).toEqual([idOf(3)]);
  });

  it("asks once for what each tenant holds elsewhere, however many of his wait", () => {
    const asked: string[] = [];
    const limits: Limits = {
      quotaOf: (namespace) => ({ namespace, pins: 1 }),
      usedElsewhere(namespace) {
        asked.push(namespace);
        return { ...noUsage, pins: namespace === "garden" ? 0 : 1 };
      },
      boardMilliwatts: null,
    };
    const line = [1, 2, 3].map((number) => entryOf(number, { namespace: "garden" }));
    const home = [4, 5].map((number) => entryOf(number, { namespace: "home", resource: "GPIO4" }));
    expect(nextInLine(ledgerOf(...line, ...home), limits)).toEqual([idOf(1)]);
    expect(asked).toEqual(["garden", "home"]);
  });
});
