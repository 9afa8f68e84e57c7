// `npm run simulate`: see `help`. Its last line is `simulate seeds=... peers=... minutes=... violations=...`.
import { MeshError } from "@pi-controller/schema";
import { help, parseOptions, type SimulateOptions } from "./cli/options.ts";
import { runPool } from "./cli/pool.ts";
import type { SeedReport } from "./cli/simulate-seed.ts";
import { huntAll } from "./mutations/hunt.ts";

const YEAR_SECONDS = 365.25 * 24 * 3_600;
const PROGRESS_INTERVAL_MS = 30_000;
const MAX_SHOWN = 10;

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options === "help") {
    console.log(help);
    return 0;
  }
  if (options.hunt) return (await huntAll({ seeds: options.seeds, prefixes: options.names })) === 0 ? 0 : 1;
  const { seed: first, seeds, workers, peers, minutes } = options;
  const startedMs = performance.now();
  let shownMs = startedMs;
  let done = 0;
  let nodeSeconds = 0;
  let busyMs = 0;
  let violations = 0;
  const failed: number[] = [];
  await runPool({
    argv,
    workers: Math.min(workers, seeds),
    seeds: Array.from({ length: seeds }, (_, index) => first + index),
    onReport(report) {
      done++;
      nodeSeconds += report.nodeSeconds;
      busyMs += report.tookMs;
      violations += report.violations.length;
      if (report.violations.length > 0) {
        failed.push(report.seed);
        tellFailure(report, options);
      } else if (seeds === 1) console.log(`seed ${report.seed} holds, trace ${report.digest}`);
      if (performance.now() - shownMs < PROGRESS_INTERVAL_MS) return;
      shownMs = performance.now();
      console.log(`${done} of ${seeds} seeds, ${failed.length} failed, ${years(nodeSeconds)} node-years`);
    },
  });
  const minutesTaken = ((performance.now() - startedMs) / 60_000).toFixed(1);
  console.log(
    `${done} seeds, ${years(nodeSeconds)} node-years in ${minutesTaken} min; ` +
      (failed.length === 0 ? "nothing was found" : `failed: ${failed.sort((a, b) => a - b).join(" ")}`),
  );
  const perSecond = Math.round(nodeSeconds / (busyMs / 1_000));
  console.log(
    `simulate seeds=${seeds} peers=${peers} minutes=${minutes} violations=${violations} node_seconds_per_second=${perSecond}`,
  );
  return failed.length === 0 ? 0 : 1;
}

function tellFailure({ faults, keep, seed, violations }: SeedReport, options: SimulateOptions): void {
  console.log(`seed ${seed} FAILED`);
  for (const { atMs, invariant, text } of violations.slice(0, MAX_SHOWN)) {
    console.log(`  after ${(atMs / 1_000).toFixed(1)} s, ${invariant}: ${text}`);
  }
  if (violations.length > MAX_SHOWN) console.log(`  and ${violations.length - MAX_SHOWN} more`);
  const { minutes, mutation, peers } = options;
  const planted = mutation === undefined ? "" : ` --mutation ${mutation}`;
  const command = `npm run simulate -- --seed ${seed} --peers ${peers} --minutes ${minutes}${planted}`;
  console.log(`  again: ${command}`);
  if (keep === undefined) return;
  const kept = keep.length === 0 ? "none" : keep.join(",");
  console.log(
    `  with ${keep.length} of its ${faults} faults, step by step: ${command} --keep ${kept} --trace`,
  );
}

function years(nodeSeconds: number): string {
  return (nodeSeconds / YEAR_SECONDS).toPrecision(3);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MeshError) || error.code !== "INVALID_ARGUMENT") throw error;
  console.error(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
