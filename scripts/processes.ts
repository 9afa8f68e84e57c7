import { type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));

/** The Node that runs this, with the flags that every program here wants. */
export const nodeCommand = [process.execPath, "--disable-warning=ExperimentalWarning"] as const;

/**
 * Runs a program to its end, its output going where ours goes.
 *
 * @returns its exit code; 1 when a signal ended it
 */
export function run(command: readonly string[], options: SpawnOptions = {}): Promise<number> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: repositoryRoot, stdio: "inherit", ...options });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Path of a program that a dependency of the repository brings. */
export function installedProgram(name: string): string {
  return `${repositoryRoot}node_modules/.bin/${name}`;
}

/** Seconds since `startedMs` (of `performance.now()`), for people. */
export function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}
