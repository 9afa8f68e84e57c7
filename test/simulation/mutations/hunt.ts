import { mutations } from "./planted/index.ts";
import { hunt } from "./trials.ts";

/** No planted bug is looked for longer, however many seeds are left. */
const WITHIN_MS = 600_000;

/**
 * Sees whether the simulation finds the planted bugs, and prints what found each one.
 *
 * @param options `seeds`: how many are tried for each; `prefixes`: only those whose names begin so, all when empty
 * @returns how many were not found
 */
export async function huntAll(options: {
  readonly seeds: number;
  readonly prefixes: readonly string[];
}): Promise<number> {
  const { prefixes, seeds } = options;
  const wanted = mutations.filter(
    ({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)),
  );
  let missed = 0;
  for (const mutation of wanted) {
    const caught = await hunt(mutation, { seeds, withinMs: WITHIN_MS });
    if (caught === undefined) {
      missed++;
      console.log(`${mutation.name}: NOT CAUGHT`);
      continue;
    }
    const { seed, tried, tookMs, violation } = caught;
    const when = `after ${Math.round(violation.atMs / 1_000)} s simulated, ${(tookMs / 1_000).toFixed(1)} s real`;
    console.log(`${mutation.name}: caught at seed ${seed} (run ${tried}) by ${violation.invariant} ${when}`);
    console.log(`  ${violation.text}`);
  }
  console.log(`${wanted.length - missed} of ${wanted.length} planted bugs caught`);
  return missed;
}
