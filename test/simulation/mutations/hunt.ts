import { parseArgs } from "node:util";
import { mutations } from "./planted/index.ts";
import { hunt } from "./trials.ts";

// `hunt.ts [PREFIX...]`: whether the simulation finds the planted bugs whose names begin so.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1000" },
    seconds: { type: "string", default: "600" },
  },
});
const wanted = mutations.filter(
  ({ name }) => positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix)),
);
let missed = 0;
for (const mutation of wanted) {
  const caught = await hunt(mutation, {
    seeds: Number(values.seeds),
    withinMs: Number(values.seconds) * 1_000,
  });
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
console.log(`${wanted.length - missed} of ${wanted.length} caught`);
process.exitCode = missed === 0 ? 0 : 1;
