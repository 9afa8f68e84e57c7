import { describe, expect, it } from "vitest";
import { conflictOf, holdersInTheWay } from "./claims.ts";
import { claimsOf, entryOf, ledgerOf } from "./ledger.fixture.ts";

describe("claims", () => {
  it("conflict on one key, and name what they conflict on", () => {
    expect(conflictOf(claimsOf("gpio:18", "pwm:pwm0"), claimsOf("gpio:12", "pwm:pwm0"))?.key).toBe(
      "pwm:pwm0",
    );
    expect(conflictOf(claimsOf("gpio:18"), claimsOf("gpio:12"))).toBeUndefined();
  });

  it("stand beside each other only when both share the same", () => {
    const bus = claimsOf("gpio:2/i2c-1");
    expect(conflictOf(bus, claimsOf("gpio:2/i2c-1"))).toBeUndefined();
    expect(conflictOf(bus, claimsOf("gpio:2/i2c-3"))).toBeDefined();
    expect(conflictOf(bus, claimsOf("gpio:2"))).toBeDefined();
    expect(conflictOf(claimsOf("gpio:2"), bus)).toBeDefined();
  });

  it("of those who wait are in nobody's way", () => {
    const holder = entryOf(1, { state: "granted" });
    const ledger = ledgerOf(holder, entryOf(2), entryOf(3, { state: "granted", resource: "GPIO4" }));
    expect(holdersInTheWay(ledger, claimsOf("gpio:18"))).toEqual([holder]);
  });
});
