import type { Plan } from "../plan/fault.ts";
import { planOf, usualPlan } from "../plan/plan-of.ts";
import { type RunResult, run } from "../run.ts";
import type { SimulateOptions } from "./options.ts";
import { shrink, withOnly } from "./shrink.ts";

/** Shrinking is for people who wait: not for ever. */
const MAX_SHRINKING_RUNS = 40;

/** What became of one seed. */
export interface SeedReport extends Pick<RunResult, "violations" | "digest" | "nodeSeconds" | "tookMs"> {
  readonly seed: number;
  /** How many faults there were. */
  readonly faults: number;
  /** Those of them that a run needs to fail, as far as they were looked for. */
  readonly keep: readonly number[] | undefined;
}

/** The plan of a seed, with the faults alone that are asked for. */
export function planFor(seed: number, { keep, minutes, peers }: SimulateOptions): Plan {
  const plan = planOf(seed, { ...usualPlan, peers, durationMs: minutes * 60_000 });
  return keep === undefined ? plan : withOnly(plan, keep);
}

/** Runs one seed, and when it fails, finds out which faults that takes. */
export async function simulateSeed(seed: number, options: SimulateOptions): Promise<SeedReport> {
  const plan = planFor(seed, options);
  const trace = options.trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const result = await run(plan, { trace });
  const { violations, digest, nodeSeconds, tookMs } = result;
  const isShrunk = violations.length > 0 && options.shrink && options.keep === undefined && !options.trace;
  const keep = isShrunk
    ? (await shrink(result, (smaller) => run(smaller, { stopEarly: true }), MAX_SHRINKING_RUNS)).keep
    : undefined;
  return { seed, faults: plan.faults.length, violations, digest, nodeSeconds, tookMs, keep };
}
