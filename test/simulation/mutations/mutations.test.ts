import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fileOf, mutate } from "./apply.ts";
import { mutationNamed, mutations } from "./planted/index.ts";
import { hunt } from "./trials.ts";

/** Of three areas, and found in seconds: the others are for `npm run simulate -- --hunt`. */
const QUICK = ["gpio-two-holders", "requests-wait-for-ever", "enrolment-token-once-too-often"];
const WITHIN_MS = 110_000;

describe("Planted bugs", () => {
  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    "%s fits the code",
    (_name, mutation) => {
      const source = readFileSync(fileOf(mutation), "utf8");
      expect(mutate(mutation, source)).not.toBe(source);
    },
  );

  it("have names of their own", () => {
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  });

  it("are refused where their text is not, or is more than once", () => {
    const mutation = mutationNamed(QUICK[0] ?? "");
    expect(() => mutate(mutation, "")).toThrow("0 times");
    expect(() => mutate(mutation, mutation.find.repeat(2))).toThrow("2 times");
  });

  it.each(QUICK)("%s is found", async (name) => {
    const caught = await hunt(mutationNamed(name), { seeds: 10, withinMs: WITHIN_MS });
    expect(caught?.violation.text).toBeTypeOf("string");
  });
});
