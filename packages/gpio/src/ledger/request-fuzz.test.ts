import { type MeshError, parseInput, reservationRequestSchema } from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validateRequest } from "./validate-request.ts";

/** What people and programs send by mistake, and what nobody would. */
const garbage = fc.oneof(
  fc.constantFrom(null, undefined, "", "0", -1, 0.5, 1e308, Number.NaN, true, [], {}, "__proto__", "GPIO99"),
  fc.anything({ maxDepth: 2 }),
);

const goodMode = fc.oneof(
  fc.record(
    { kind: fc.constant("input"), pull: fc.constantFrom("up", "down", "none"), debounceMs: fc.nat(10_000) },
    { requiredKeys: ["kind"] },
  ),
  fc.record(
    { kind: fc.constant("output"), initial: fc.constantFrom("low", "high") },
    { requiredKeys: ["kind"] },
  ),
  fc.record(
    { kind: fc.constant("pwm"), dutyCycle: fc.double({ min: 0, max: 1, noNaN: true }) },
    { requiredKeys: ["kind"] },
  ),
  fc.record({ kind: fc.constantFrom("i2c", "spi") }),
);
const goodFields = {
  node: fc.constant("node-of-tests"),
  resource: fc.constantFrom("GPIO18", "18", "header:12", "i2c-1:0x48", "spi-0.0"),
  namespace: fc.constantFrom("default", "garden"),
  name: fc.constant("pump"),
  purpose: fc.string({ maxLength: 200 }),
  mode: goodMode,
  ttlMs: fc.constantFrom(null, 500, 60_000),
  onExpire: fc.constantFrom("low", "high", "input", "hold"),
  watchdogMs: fc.constantFrom(null, 50, 500, 100_000),
  priority: fc.integer({ min: -100, max: 100 }),
  preemptible: fc.boolean(),
  powerMilliwatts: fc.double({ min: 0, max: 100_000, noNaN: true }),
  keep: fc.boolean(),
  waitMs: fc.nat(3_600_000),
  preempt: fc.boolean(),
};
const good = fc.record(goodFields, { requiredKeys: ["node", "resource", "mode"] });
/** A good one with some fields, also of its mode, made into something else. */
const spoilt = fc
  .tuple(
    good,
    fc.dictionary(fc.constantFrom(...Object.keys(goodFields), "pin"), garbage, { maxKeys: 3 }),
    fc.dictionary(
      fc.constantFrom("kind", "pull", "drive", "dutyCycle", "frequencyHz", "edges", "x"),
      garbage,
      {
        maxKeys: 2,
      },
    ),
  )
  .map(([request, changes, modeChanges]) => ({
    ...request,
    mode: { ...request.mode, ...modeChanges },
    ...changes,
  }));

/** As an edge does it; undefined when it is accepted. Anything but a MeshError fails the test. */
function refusalOf(input: unknown): MeshError | undefined {
  try {
    validateRequest(parseInput(reservationRequestSchema, input, "reservation"));
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: "MeshError", code: "INVALID_ARGUMENT" });
    return error as MeshError;
  }
}

/** The value at a path as `mode.pull`; false when the request has no such field, be it undefined. */
function has(input: unknown, field: string): boolean {
  let value = input;
  for (const key of field.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return true;
}

/** Each problem is of a field that is there, or names one that is missing; and says what was expected. */
function checkRefusal(input: unknown, error: MeshError): void {
  expect(error.details.fields?.length).toBeGreaterThan(0);
  for (const { field, message } of error.details.fields ?? []) {
    expect(message).toMatch(/expected|there is no such field/i);
    if (message.startsWith("there is no such field")) {
      // Names of unknown fields are the sender's own, dots and all.
      expect(Object.keys(flat(input)).some((key) => field === key || field === `mode.${key}`)).toBe(true);
    } else if (!has(input, field)) {
      expect(["node", "resource", "mode", "mode.kind"], `${field} is neither there nor missing`).toContain(
        field,
      );
    }
    expect(error.message).toContain(message);
  }
}

function flat(input: unknown): object {
  if (typeof input !== "object" || input === null) return {};
  const mode = "mode" in input && typeof input.mode === "object" ? input.mode : {};
  return { ...input, ...mode };
}

/** On a failure fast-check prints the seed and the smallest request that fails. */
describe("a request for a reservation", () => {
  it("that is garbage is refused by name of what is wrong, and never crashes", () => {
    fc.assert(
      fc.property(fc.oneof(garbage, spoilt), (input) => {
        const error = refusalOf(input);
        if (error !== undefined) checkRefusal(input, error);
      }),
      { numRuns: 1_000 },
    );
  });

  it("that is well formed is accepted, or refused for fields that do not go together", () => {
    fc.assert(
      fc.property(good, (input) => {
        const error = refusalOf(input);
        const fields = error?.details.fields?.map(({ field }) => field) ?? [];
        for (const field of fields) {
          expect(["onExpire", "watchdogMs", "keep"]).toContain(field);
          expect(has(input, field), `${field} was not even said`).toBe(true);
        }
        const driven = input.mode.kind === "output" || input.mode.kind === "pwm";
        const { onExpire, watchdogMs = null, keep } = input;
        const wrong =
          !driven && (onExpire === "low" || onExpire === "high" || watchdogMs !== null || keep === true);
        expect(error !== undefined).toBe(wrong);
      }),
      { numRuns: 500 },
    );
  });
});
