// `npm test`: everything that this machine can run, and in words what it cannot.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capabilities } from "../test/capabilities.ts";
import { buildUi } from "./build-ui.ts";
import { check } from "./check.ts";
import { nodeCommand, repositoryRoot, run, secondsSince } from "./processes.ts";

const HELP = `Runs the checks and tests that this machine can run.

Usage: npm test [-- SUITE ... [vitest flags]]

Suites: unit, simulation, integration, e2e. Without any: the static checks, then all suites.
`;
const SUITES = ["unit", "simulation", "integration", "e2e"] as const;
type Suite = (typeof SUITES)[number];
/** What runs at the same time: integration waits most of the time, simulation computes all the time, on one core. */
const STEPS: readonly (readonly Suite[])[] = [["unit"], ["integration", "simulation"], ["e2e"]];

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
}

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(HELP);
  process.exit(0);
}
const chosen = SUITES.filter((suite) => args.includes(suite));
const extra = args.filter((argument) => !(SUITES as readonly string[]).includes(argument));
const failures: string[] = [];
const totals = { passed: 0, failed: 0, skipped: 0 };

if (chosen.length === 0 && extra.length === 0) failures.push(...(await check()));
await buildUi();
const reports = mkdtempSync(join(tmpdir(), "pi-controller-test-"));
try {
  for (const step of STEPS) {
    const [first, ...others] = step.filter((suite) => chosen.length === 0 || chosen.includes(suite));
    if (first === undefined) continue;
    await Promise.all([runSuite(first, "shown"), ...others.map((suite) => runSuite(suite, "kept"))]);
  }
} finally {
  rmSync(reports, { recursive: true });
}

for (const { name, missing } of Object.values(capabilities)) {
  if (missing !== undefined) console.log(`skipped: tests of ${name}: ${missing}`);
}
if (failures.length > 0) console.log(`failed: ${failures.join(", ")}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = failures.length === 0 && totals.passed > 0 ? 0 : 1;

/** @param output shown as it comes, or kept until the suite has ended */
async function runSuite(suite: Suite, output: "shown" | "kept"): Promise<void> {
  const startedMs = performance.now();
  const reportFile = join(reports, `${suite}.json`);
  const outputFile = join(reports, `${suite}.log`);
  const file = output === "kept" ? openSync(outputFile, "w") : undefined;
  const command = [
    ...nodeCommand,
    join(repositoryRoot, "node_modules", "vitest", "vitest.mjs"),
    ...["run", "--project", suite, "--reporter=default", "--reporter=json"],
    `--outputFile.json=${reportFile}`,
    ...extra,
  ];
  const code = await run(command, file === undefined ? {} : { stdio: ["ignore", file, file] });
  if (file !== undefined) {
    closeSync(file);
    process.stdout.write(readFileSync(outputFile));
  }
  console.log(`${suite}: ${code === 0 ? "ok" : "FAILED"} (${secondsSince(startedMs)})\n`);
  if (code !== 0) failures.push(suite);
  addUp(reportFile);
}

function addUp(reportFile: string): void {
  try {
    const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
    totals.passed += report.numPassedTests;
    totals.failed += report.numFailedTests;
    totals.skipped += report.numPendingTests + report.numTodoTests;
  } catch (error) {
    // The run ended before it wrote one, and counts as failed already.
    console.error(`There is no report: ${error instanceof Error ? error.message : String(error)}`);
  }
}
