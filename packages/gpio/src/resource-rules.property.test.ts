import { headerOf } from "@pi-controller/hardware";
import { gpioResourceTextSchema, MeshError } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conflictOf } from "./ledger/claims.ts";
import { modeOf } from "./ledger/ledger.fixture.ts";
import type { Claim } from "./ledger/ledger.ts";
import { resourceRules } from "./resource-rules.ts";

const family = fc.constantFrom("pi-zero-2w", "pi-3", "pi-4", "pi-400", "cm4", "pi-5", "cm5", "generic");
const rules = fc
  .record({
    family,
    i2cBuses: fc.uniqueArray(fc.nat({ max: 22 }), { maxLength: 5 }),
    spiDevices: fc.uniqueArray(fc.constantFrom("0.0", "0.1", "1.0", "1.2", "3.0", "10.0"), { maxLength: 4 }),
  })
  .map(({ family: name, ...board }) => resourceRules(headerOf({ family: name, gpioChips: [] }), board));
const mode = fc.constantFrom(
  modeOf({ kind: "input" }),
  modeOf({ kind: "output" }),
  modeOf({ kind: "pwm" }),
  modeOf({ kind: "pwm", method: "hardware" }),
  modeOf({ kind: "pwm", method: "software" }),
  modeOf({ kind: "i2c" }),
  modeOf({ kind: "spi" }),
);
/** Mostly those that there are. */
const number = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 27 }) }, fc.nat({ max: 130 }));
const text = fc.oneof(
  number.map((pin) => `GPIO${pin}`),
  number.map(String),
  number.map((place) => `header:${place}`),
  fc
    .tuple(fc.nat({ max: 22 }), number)
    .map(([bus, address]) => `i2c-${bus}:0x${address.toString(16).padStart(2, "0")}`),
  fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 3 })).map(([bus, select]) => `spi-${bus}.${select}`),
  fc.string({ maxLength: 20 }),
);

/** What it gives, or undefined for a refusal, which names one of the fields. */
function refused<Of>(fields: readonly string[], action: () => Of): Of | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    expect(["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"]).toContain(error.code);
    expect(error.details.fields).toEqual([
      {
        field: expect.toSatisfy((field: string) => fields.includes(field)),
        message: expect.stringMatching(/\S/),
      },
    ]);
    return undefined;
  }
}

/** On a failure fast-check prints the seed. */
describe("the rules of any board", () => {
  it("make of a text one that stays as it is, or refuse it by the name of the field", () => {
    fc.assert(
      fc.property(rules, text, (board, resource) => {
        const canonical = refused(["resource"], () => board.canonical(resource));
        if (canonical === undefined) return;
        expect(canonical.length).toBeLessThanOrEqual(16);
        expect(gpioResourceTextSchema.safeParse(canonical).success).toBe(true);
        expect(board.canonical(canonical)).toBe(canonical);
      }),
      { numRuns: 500 },
    );
  });

  it("let nobody have twice what is claimed once", () => {
    const fields = ["resource", "mode.kind", "mode.method", "mode.frequencyHz"];
    fc.assert(
      fc.property(rules, text, mode, text, mode, (board, one, oneMode, other, otherMode) => {
        const first = refused(fields, () => board.claims(one, oneMode));
        const second = refused(fields, () => board.claims(other, otherMode));
        if (first === undefined || second === undefined) return;
        expect(new Set(first.map(({ key }) => key)).size).toBe(first.length);
        expect(first.some(({ share }) => share === null)).toBe(true);
        const same = board.canonical(one) === board.canonical(other);
        if (same) expect(conflictOf(first, second)).toBeDefined();
        // In whatever order they come.
        expect(conflictOf(second, first) === undefined).toBe(conflictOf(first, second) === undefined);
        const pins = (claims: readonly Claim[]) => claims.filter(({ key }) => key.startsWith("gpio:"));
        const alone = pins(first).filter(({ share }) => share === null);
        const both = alone.some(({ key }) => pins(second).some((pin) => pin.key === key));
        if (both) expect(conflictOf(first, second)).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });
});
