// What can be said of the code without running it: types, lint rules, format.
import { installedProgram, run, secondsSince } from "./processes.ts";

const checks = [
  { name: "types", command: [installedProgram("tsc"), "--build"] },
  { name: "lint", command: [installedProgram("oxlint"), "--type-aware", "--quiet"] },
  { name: "format", command: [installedProgram("biome"), "check", "."] },
];

/** @returns the names of the checks that failed */
export async function check(): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command } of checks) {
    const startedMs = performance.now();
    const code = await run(command);
    console.log(`${code === 0 ? "ok" : "FAILED"}: ${name} (${secondsSince(startedMs)})`);
    if (code !== 0) failed.push(name);
  }
  return failed;
}

if (import.meta.main) {
  process.exitCode = (await check()).length === 0 ? 0 : 1;
}
