import { parseArgs } from "node:util";
import { applyMutation } from "./apply.ts";
import { mutationNamed } from "./planted/index.ts";

/** What one run came to, as a line of JSON. */
export interface Trial {
  readonly seed: number;
  readonly violation: { readonly invariant: string; readonly atMs: number; readonly text: string } | null;
  readonly tookMs: number;
}

// Runs worlds with a mutation of the product, or without it, and says of each what the first violation was.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    clean: { type: "boolean", default: false },
    from: { type: "string" },
    seeds: { type: "string", default: "1" },
  },
});
const mutation = mutationNamed(positionals[0] ?? "");
if (!values.clean) applyMutation(mutation);

// Only now: what is imported before the mutation is applied stays as it is.
const { planOf, usualPlan } = await import("../plan/plan-of.ts");
const { run, usualParts } = await import("../run.ts");
const { documentParts } = await import("../document-parts.ts");
const { trustParts } = await import("../trust-parts.ts");

const { minutes, parts: wanted, seed: known, ...scale } = mutation.hunt;
const parts = { all: usualParts, documents: documentParts, trust: trustParts }[wanted ?? "all"];
const first = Number(values.from ?? known);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const plan = planOf(seed, { ...usualPlan, ...scale, durationMs: minutes * 60_000 });
  const { violations, tookMs } = await run(plan, { parts, stopEarly: true });
  const trial: Trial = { seed, violation: violations[0] ?? null, tookMs };
  process.stdout.write(`${JSON.stringify(trial)}\n`);
  if (violations.length > 0) break;
}
// What ran in the world may still hold the process.
process.exit();
