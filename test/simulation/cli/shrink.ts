import type { Plan } from "../plan/fault.ts";
import type { RunResult } from "../run.ts";

export interface Shrunk {
  /** Places, in the plan's list, of the faults that are needed. */
  readonly keep: readonly number[];
  /** How many runs that took. */
  readonly runs: number;
  /** What came out of the last plan that failed. */
  readonly result: RunResult;
}

/**
 * Leaves faults out of a plan for as long as the same rule is broken without them: halves of them first, then smaller
 * parts (delta debugging: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
 *
 * @param failed what the whole plan came to: at least one violation
 * @param run runs a plan
 * @param maxRuns gives up then, with what it has
 */
export async function shrink(
  failed: RunResult,
  run: (plan: Plan) => Promise<RunResult>,
  maxRuns: number,
): Promise<Shrunk> {
  const { plan } = failed;
  const invariant = failed.violations[0]?.invariant;
  let keep = [...plan.faults.keys()];
  let result = failed;
  let runs = 0;
  const fails = async (kept: readonly number[]): Promise<boolean> => {
    runs++;
    const tried = await run(withOnly(plan, kept));
    if (!tried.violations.some((violation) => violation.invariant === invariant)) return false;
    result = tried;
    return true;
  };
  for (let parts = 2; keep.length > 0 && runs < maxRuns; ) {
    const size = Math.ceil(keep.length / parts);
    let isSmaller = false;
    for (let from = 0; from < keep.length && runs < maxRuns; from += size) {
      const rest = keep.filter((_, place) => place < from || place >= from + size);
      if (!(await fails(rest))) continue;
      keep = rest;
      isSmaller = true;
      break;
    }
    if (isSmaller) parts = Math.max(2, parts - 1);
    else if (size === 1) break;
    else parts = Math.min(keep.length, parts * 2);
  }
  return { keep, runs, result };
}

/** The plan with the faults at these places of its list alone. */
export function withOnly(plan: Plan, keep: readonly number[]): Plan {
  const kept = new Set(keep);
  return { ...plan, faults: plan.faults.filter((_, place) => kept.has(place)) };
}
