import { type MeshError, reservationRequestSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { modeOf } from "./ledger.fixture.ts";
import { keepOf, validateRequest } from "./validate-request.ts";
import { valueFits } from "./value-fits.ts";

const requestOf = (changes: object) =>
  reservationRequestSchema.parse({
    node: "node-of-tests",
    resource: "GPIO18",
    mode: { kind: "output" },
    ...changes,
  });

function fieldsOf(changes: object): readonly string[] {
  try {
    validateRequest(requestOf(changes));
  } catch (error) {
    const { code, details } = error as MeshError;
    expect(code).toBe("INVALID_ARGUMENT");
    return details.fields?.map(({ field }) => field) ?? [];
  }
  return [];
}

const input = { mode: { kind: "input" } };
const i2c = { resource: "i2c-1:0x48", mode: { kind: "i2c" } };

describe("validateRequest", () => {
  it.each([
    ["a level after the end of an input", { ...input, onExpire: "high" }, ["onExpire"]],
    ["a level after the end of a device", { ...i2c, onExpire: "low" }, ["onExpire"]],
    ["a watchdog over an input", { ...input, watchdogMs: 100 }, ["watchdogMs"]],
    ["a watchdog over a device", { ...i2c, watchdogMs: 100 }, ["watchdogMs"]],
    ["an input's value to be kept", { ...input, keep: true }, ["keep"]],
    [
      "several at once",
      { ...input, keep: true, onExpire: "low", watchdogMs: 60 },
      ["onExpire", "watchdogMs", "keep"],
    ],
  ])("refuses %s, and names the field", (_case, changes, fields) => {
    expect(fieldsOf(changes)).toEqual(fields);
  });

  it.each([
    ["no end of the term, and a line to wait in", { ttlMs: null, waitMs: 1_000 }],
    ["preemption, or else a wait", { preempt: true, waitMs: 1_000 }],
    ["a watchdog within the lease", { ttlMs: 1_000, watchdogMs: 999 }],
    ["a watchdog longer than a lease that is renewed", { ttlMs: 1_000, watchdogMs: 30_000 }],
    ["a watchdog over what has no end", { ttlMs: null, watchdogMs: 3_600_000 }],
    ["an input that stays as it is", { ...input, onExpire: "hold", keep: false }],
    ["power that comes from elsewhere than the pin", { powerMilliwatts: 5_000 }],
  ])("accepts %s", (_case, changes) => {
    expect(fieldsOf(changes)).toEqual([]);
  });
});

describe("keepOf", () => {
  it("keeps what stands until it is released, and what is told to", () => {
    expect(keepOf(requestOf({ ttlMs: null }))).toBe(true);
    expect(keepOf(requestOf({ ttlMs: null, keep: false }))).toBe(false);
    expect(keepOf(requestOf({}))).toBe(false);
    expect(keepOf(requestOf({ keep: true }))).toBe(true);
  });

  it("has nothing to keep of an input", () => {
    expect(keepOf(requestOf({ ...input, ttlMs: null }))).toBe(false);
  });
});

describe("valueFits", () => {
  it.each([
    [{ kind: "output" }, { level: "high" }, undefined],
    [{ kind: "output" }, { dutyCycle: 0.5 }, "value.level"],
    [{ kind: "pwm" }, { dutyCycle: 0.5, frequencyHz: 50 }, undefined],
    [{ kind: "pwm" }, { frequencyHz: 50 }, undefined],
    [{ kind: "pwm" }, { level: "high" }, "value.level"],
    [{ kind: "input" }, { level: "high" }, "value"],
    [{ kind: "i2c" }, { level: "high" }, "value"],
    [{ kind: "spi" }, { dutyCycle: 1 }, "value"],
  ] as const)("of %j and %j finds fault with %s", (mode, value, field) => {
    const error = valueFits(modeOf(mode), value);
    expect(error?.details.fields?.map((problem) => problem.field)).toEqual(field && [field]);
    if (field !== undefined) expect(error?.code).toBe("INVALID_ARGUMENT");
  });
});
