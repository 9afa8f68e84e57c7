import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import type { Plan } from "../plan/fault.ts";
import { planOf, usualPlan } from "../plan/plan-of.ts";
import type { RunResult } from "../run.ts";
import { shrink } from "./shrink.ts";

/** A run that fails when some faults are all there. */
function runThatNeeds(needed: readonly object[]) {
  return async (plan: Plan): Promise<RunResult> => ({
    plan,
    violations: needed.every((fault) => plan.faults.some((one) => one === fault))
      ? [{ invariant: "one", atMs: 1, text: "broken" }]
      : [{ invariant: "another", atMs: 1, text: "broken as well" }],
    digest: "",
    traceLines: 0,
    simulatedMs: 0,
    nodeSeconds: 0,
    tookMs: 0,
  });
}

describe("shrink", () => {
  it.each([1, 2, 3, 4, 5])("keeps what is needed and nothing else (seed %i)", async (seed) => {
    const random = seededRandom(seed);
    const plan = planOf(seed, { ...usualPlan, peers: 30, durationMs: 180_000 });
    const needed = [...new Set([0, 1, 2].map(() => randomInteger(random, plan.faults.length)))];
    const run = runThatNeeds(needed.map((place) => plan.faults[place] as object));
    const { keep, result } = await shrink(await run(plan), run, 1_000);
    expect(keep).toEqual(needed.toSorted((one, other) => one - other));
    expect(result.plan.faults).toHaveLength(needed.length);
  });

  it("needs no fault at all where none is to blame", async () => {
    const plan = planOf(1, { ...usualPlan, peers: 5 });
    const run = runThatNeeds([]);
    expect((await shrink(await run(plan), run, 100)).keep).toEqual([]);
  });

  it("gives up after so many runs, with what fails", async () => {
    const plan = planOf(1, { ...usualPlan, peers: 30 });
    const run = runThatNeeds([plan.faults[0] as object]);
    const { keep, runs } = await shrink(await run(plan), run, 3);
    expect(runs).toBe(3);
    expect(keep).toContain(0);
  });
});
