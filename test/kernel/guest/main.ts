// Runs in the guest, after init.sh: makes the chips, runs one program and says how it ended.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SimulatedChip } from "../support/simulated-chip.ts";
import { EXCHANGE, type GuestRequest } from "./request.ts";

const request = JSON.parse(readFileSync(join(EXCHANGE, "request.json"), "utf8")) as GuestRequest;
for (const chip of request.chips) SimulatedChip.create(chip);
const child = spawn(
  process.execPath,
  ["--disable-warning=ExperimentalWarning", request.script, ...request.args],
  {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...request.env },
  },
);
child.stdout.pipe(process.stdout, { end: false });
child.stderr.pipe(process.stdout, { end: false });
child.on("error", (error) => end(`could not be started: ${error.message}`));
child.on("close", (code, signal) => end(String(code ?? signal)));

/** The host ends the guest when it reads this; the first process of a machine must not end by itself. */
function end(how: string): void {
  process.stdout.write(`\n${request.endMark} ${how}\n`);
  setInterval(() => undefined, 60_000);
}
