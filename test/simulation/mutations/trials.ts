import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Mutation } from "./mutation.ts";
import type { Trial } from "./try-mutation.ts";

const PROGRAM = fileURLToPath(new URL("./try-mutation.ts", import.meta.url));

/** A hunt takes long, and leaves the machine to others. */
const NICENESS = 10;

export interface TrialOptions {
  readonly from: number;
  readonly seeds: number;
  /** Without the mutation. */
  readonly isClean?: boolean;
  /** Ends it after so long. */
  readonly withinMs: number;
}

/**
 * Runs worlds in a process of their own, seed after seed, until one has a violation.
 *
 * @returns what was run; a process that broke down counts as a violation of the seed that it was at
 * @throws Error when it could not even begin, as with a mutation that nothing imports
 */
export async function tryMutation({ name }: Mutation, options: TrialOptions): Promise<readonly Trial[]> {
  const { from, seeds, isClean = false, withinMs } = options;
  const flags = ["--from", String(from), "--seeds", String(seeds), ...(isClean ? ["--clean"] : [])];
  const child = spawn(process.execPath, ["--no-warnings", PROGRAM, name, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) setPriority(child.pid, NICENESS);
  const trials: Trial[] = [];
  let errors = "";
  let isTooLong = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const timer = setTimeout(() => {
    isTooLong = true;
    child.kill("SIGKILL");
  }, withinMs);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) trials.push(JSON.parse(line) as Trial);
  const code = await ended;
  clearTimeout(timer);
  if (code === 0 || isTooLong) return trials;
  const text = errors.trim().split("\n").slice(-20).join("\n");
  if (/^The mutation |does not fit|There is no mutation/m.test(errors)) throw new Error(text);
  const violation = { invariant: "process", atMs: 0, text: `It broke down: ${text}` };
  return [...trials, { seed: from + trials.length, violation, tookMs: 0 }];
}

export interface Catch extends Trial {
  readonly violation: NonNullable<Trial["violation"]>;
  /** Seeds that were run up to this one. */
  readonly tried: number;
}

/**
 * Looks for a seed with which a mutation is noticed, and the product without it is fine.
 *
 * @param options `from`: begin with the seed that is known to find it when left out, then go on from 1
 * @returns undefined when there is none among `seeds`, or none was found in time
 */
export async function hunt(
  mutation: Mutation,
  options: { readonly seeds: number; readonly withinMs: number },
): Promise<Catch | undefined> {
  const endMs = performance.now() + options.withinMs;
  let tried = 0;
  const ranges = [
    { from: mutation.hunt.seed, seeds: 1 },
    { from: 1, seeds: options.seeds },
  ];
  for (const range of ranges) {
    let { from } = range;
    const last = range.from + range.seeds - 1;
    while (from <= last) {
      const withinMs = endMs - performance.now();
      if (withinMs <= 0) return undefined;
      const trials = await tryMutation(mutation, { from, seeds: last - from + 1, withinMs });
      tried += trials.length;
      const found = trials.at(-1);
      if (found === undefined || found.violation === null) break;
      const [clean] = await tryMutation(mutation, {
        from: found.seed,
        seeds: 1,
        isClean: true,
        withinMs: options.withinMs,
      });
      if (clean?.violation === null) return { ...found, violation: found.violation, tried };
      from = found.seed + 1;
    }
  }
  return undefined;
}
