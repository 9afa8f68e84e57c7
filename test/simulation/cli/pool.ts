import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeedReport } from "./simulate-seed.ts";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
/** A process is exchanged after so many seeds: what a thousand runs leave behind adds up. */
const SEEDS_PER_PROCESS = 20;

export interface PoolOptions {
  readonly seeds: Iterable<number>;
  readonly workers: number;
  /** Flags of `npm run simulate`, which the workers read, too. */
  readonly argv: readonly string[];
  readonly onReport: (report: SeedReport) => void;
}

/**
 * Has several processes run seeds.
 *
 * @throws Error when one of them ends by itself
 */
export async function runPool({ argv, onReport, seeds, workers }: PoolOptions): Promise<void> {
  const waiting = seeds[Symbol.iterator]();
  const next = (): number | undefined => {
    const { done, value } = waiting.next();
    return done === true ? undefined : value;
  };
  const children = new Set<ChildProcess>();
  const work = async (): Promise<void> => {
    for (let seed = next(); seed !== undefined; ) {
      const child = fork(WORKER, [...argv], { execArgv: ["--disable-warning=ExperimentalWarning"] });
      children.add(child);
      await answerOf<"ready">(child);
      for (let count = 0; count < SEEDS_PER_PROCESS && seed !== undefined; count++, seed = next()) {
        const report = answerOf<SeedReport>(child, `seed ${seed}`);
        child.send(seed);
        onReport(await report);
      }
      children.delete(child);
      child.disconnect();
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

function answerOf<T>(child: ChildProcess, what = "the start"): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null) => {
      child.off("message", onMessage);
      reject(new Error(`A simulating process ended in ${what}: ${signal ?? `code ${code}`}`));
    };
    const onMessage = (message: unknown) => {
      child.off("exit", onExit);
      resolve(message as T);
    };
    child.once("exit", onExit);
    child.once("message", onMessage);
  });
}
