// `npm test`: everything that this machine can run, and in words what it cannot.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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
  for (const suite of chosen.length === 0 ? SUITES : chosen) {
    const startedMs = performance.now();
    const reportFile = join(reports, `${suite}.json`);
    const code = await run([
      ...nodeCommand,
      join(repositoryRoot, "node_modules", "vitest", "vitest.mjs"),
      ...[
        "run",
        "--project",
        suite,
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${reportFile}`,
      ],
      ...extra,
    ]);
    console.log(`${suite}: ${code === 0 ? "ok" : "FAILED"} (${secondsSince(startedMs)})\n`);
    if (code !== 0) failures.push(suite);
    addUp(reportFile);
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
