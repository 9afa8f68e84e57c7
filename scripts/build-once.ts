import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { missingPackages } from "../test/support/find-program.ts";
import { run, secondsSince } from "./processes.ts";

export interface Build {
  /** Its name, for people. */
  readonly what: string;
  /** Where the result is kept. */
  readonly directory: string;
  /** Path of the result, in that directory. */
  readonly result: string;
  /** What the build runs, each with the Debian packages that it needs. */
  readonly programs: Readonly<Record<string, string>>;
  /**
   * Builds in an empty directory, which is removed afterwards.
   *
   * @returns path of the result
   */
  readonly build: (directory: string, succeed: Succeed) => Promise<string>;
}

/** Runs a program in a directory; throws when it fails. */
export type Succeed = (directory: string, command: readonly string[]) => Promise<void>;

/** Builds something that tests need, unless it is there; says how long it took, or which packages to install. */
export async function buildOnce({ what, directory, result, programs, build }: Build): Promise<void> {
  if (existsSync(result)) {
    console.log(`The ${what} is there: ${result}`);
    return;
  }
  const missing = missingPackages(programs);
  if (missing.length > 0) {
    console.error(`Building the ${what} needs these Debian packages: ${missing.join(" ")}`);
    process.exitCode = 1;
    return;
  }
  const startedMs = performance.now();
  mkdirSync(dirname(directory), { recursive: true });
  const temporary = mkdtempSync(`${directory}-`);
  try {
    const built = await build(temporary, succeed);
    mkdirSync(directory, { recursive: true });
    // The last step, so that a build that was interrupted leaves nothing that looks like a result.
    renameSync(built, result);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  console.log(`The ${what} was built in ${secondsSince(startedMs)}: ${result}`);
}

async function succeed(directory: string, command: readonly string[]): Promise<void> {
  const code = await run(command, { cwd: directory, stdio: ["ignore", "inherit", "inherit"] });
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}`);
}
