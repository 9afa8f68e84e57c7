import { describe, expect, it } from "vitest";
import type { Plan } from "./plan/fault.ts";
import { planOf, usualPlan } from "./plan/plan-of.ts";
import { regressions } from "./regressions.ts";
import { type RunResult, run } from "./run.ts";

/** `npm run simulate` runs as many as there is time for: these are to be quick. */
const SEEDS = [1, 2, 3];
const PEERS = 10;
const DURATION_MS = 90_000;
/** Minutes on a busy machine; some 10 s on a quiet one. */
const TIMEOUT_MS = 120_000;

function planFor(seed: number): Plan {
  return planOf(seed, { ...usualPlan, peers: PEERS, durationMs: DURATION_MS });
}

function found({ plan, violations }: RunResult) {
  return { seed: plan.seed, violations: violations.slice(0, 10) };
}

describe("A mesh whose machines, disks, clocks and links fail", () => {
  it.each(SEEDS)(
    "keeps what it promises (seed %i)",
    async (seed) => {
      expect(found(await run(planFor(seed)))).toEqual({ seed, violations: [] });
    },
    TIMEOUT_MS,
  );

  it.each(regressions.map((regression) => [regression.what, regression] as const))(
    "does so where it once did not: %s",
    async (_what, { seed, minutes, parts, ...scale }) => {
      const plan = planOf(seed, { ...usualPlan, ...scale, durationMs: minutes * 60_000 });
      expect(found(await run(plan, { parts }))).toEqual({ seed, violations: [] });
    },
    TIMEOUT_MS,
  );
});

describe("A simulation", () => {
  it(
    "is the same for the same seed, line by line, and another one for another",
    async () => {
      const traceOf = async (seed: number) => {
        const lines: string[] = [];
        const { digest } = await run(planFor(seed), { trace: (line) => lines.push(line) });
        return { lines, digest };
      };
      const [one, again, other] = [await traceOf(4), await traceOf(4), await traceOf(5)];
      expect(one.lines.length).toBeGreaterThan(100);
      expect(again).toEqual(one);
      expect(other.digest).not.toBe(one.digest);
    },
    2 * TIMEOUT_MS,
  );
});
