import { parseArgs } from "node:util";
import { planOf, usualPlan } from "./plan/plan-of.ts";
import { run } from "./run.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    peers: { type: "string", default: "20" },
    minutes: { type: "string", default: "3" },
    trace: { type: "boolean", default: false },
  },
});
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  const plan = planOf(seed, {
    ...usualPlan,
    peers: Number(values.peers),
    durationMs: Number(values.minutes) * 60_000,
  });
  const result = await run(plan, { trace: values.trace ? (line) => console.log(line) : undefined });
  const { violations, digest, nodeSeconds, simulatedMs, tookMs, traceLines } = result;
  console.log(
    `seed ${seed}: ${violations.length} violations, ${Math.round(simulatedMs / 1000)} s simulated in ${(tookMs / 1000).toFixed(1)} s, ${Math.round((nodeSeconds / tookMs) * 1000)} node-seconds/s, ${traceLines} lines ${digest.slice(0, 12)}`,
  );
  for (const { atMs, invariant, text } of violations.slice(0, 10))
    console.log(`  ${Math.round(atMs)} ${invariant}: ${text}`);
}
