// Runs one program in the guest, for people: node_modules/.bin/node test/kernel/run.ts PROGRAM [ARGUMENT ...]
import { runInKernel } from "../support/kernel.ts";

const WITHIN_MS = 10 * 60_000;

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error("usage: node_modules/.bin/node test/kernel/run.ts PROGRAM [ARGUMENT ...]");
  process.exit(2);
}
const result = await runInKernel({
  script,
  args,
  withinMs: WITHIN_MS,
  onOutput: (text) => process.stdout.write(text),
});
process.exitCode = result.exitCode;
