import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { MeshError } from "@pi-controller/schema";

/** What `npm run simulate` was asked for. */
export interface SimulateOptions {
  /** The first seed, and how many. */
  readonly seed: number;
  readonly seeds: number;
  readonly peers: number;
  /** Simulated time in which things go wrong. */
  readonly minutes: number;
  /** Of the plan's faults, only those at these places; all of them when undefined. */
  readonly keep: readonly number[] | undefined;
  /** Processes that simulate at the same time. */
  readonly workers: number;
  /** Print all that happens; one seed alone. */
  readonly trace: boolean;
  /** Look for the faults that a failing run needs. */
  readonly shrink: boolean;
  /** Name of a planted bug. */
  readonly mutation: string | undefined;
  /** See whether planted bugs are found: those whose names begin with one of `names`, all of them without. */
  readonly hunt: boolean;
  readonly names: readonly string[];
}

export const help = `npm run simulate -- [options]

Runs meshes of peers on simulated machines, with faults drawn from seeds, and watches whether what
the product promises holds. Ends with 1 when something did not.

  --seeds N      how many seeds (1)
  --seed N       the first one (1)
  --peers N      members of each mesh (20)
  --minutes T    simulated time in which things go wrong; healing comes after it (5)
  --workers N    processes at the same time (one for each core)
  --trace        print all that happens: for one seed
  --keep 1,5,9   only these of the faults: what a failing seed was shrunk to ("none" for none)
  --no-shrink    do not look for the faults that a failing run needs
  --mutation M   with a planted bug
  --hunt [NAME]  run each planted bug, or those whose names begin so, until it is found: --seeds of
                 them at most (1000)
  --help         this text`;

/** @throws MeshError INVALID_ARGUMENT that names the option */
export function parseOptions(argv: readonly string[]): SimulateOptions | "help" {
  let values: Record<string, string | boolean | undefined>;
  let positionals: string[];
  try {
    ({ positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        seeds: { type: "string" },
        seed: { type: "string", default: "1" },
        peers: { type: "string", default: "20" },
        minutes: { type: "string", default: "5" },
        workers: { type: "string", default: String(availableParallelism()) },
        keep: { type: "string" },
        trace: { type: "boolean", default: false },
        "no-shrink": { type: "boolean", default: false },
        mutation: { type: "string" },
        hunt: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    throw new MeshError("INVALID_ARGUMENT", error instanceof Error ? error.message : String(error));
  }
  if (values["help"] === true) return "help";
  const hunt = values["hunt"] === true;
  const options: SimulateOptions = {
    seed: integer("seed", values["seed"], 0),
    seeds: integer("seeds", values["seeds"] ?? (hunt ? "1000" : "1"), 1),
    peers: integer("peers", values["peers"], 1),
    minutes: positive("minutes", values["minutes"]),
    workers: integer("workers", values["workers"], 1),
    keep: places(values["keep"]),
    trace: values["trace"] === true,
    shrink: values["no-shrink"] !== true,
    mutation: typeof values["mutation"] === "string" ? values["mutation"] : undefined,
    hunt,
    names: positionals,
  };
  if (!hunt && positionals.length > 0) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      `${positionals.join(" ")}: expected options alone, but for --hunt`,
    );
  }
  if (options.seeds > 1 && (options.trace || options.keep !== undefined)) {
    throw new MeshError("INVALID_ARGUMENT", "--trace and --keep are for one seed: leave --seeds out");
  }
  return options;
}

function integer(name: string, text: unknown, minimum: number): number {
  const value = Number(text);
  if (typeof text === "string" && text.trim() !== "" && Number.isSafeInteger(value) && value >= minimum) {
    return value;
  }
  throw new MeshError("INVALID_ARGUMENT", `--${name} ${String(text)}: expected an integer from ${minimum}`);
}

function positive(name: string, text: unknown): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new MeshError("INVALID_ARGUMENT", `--${name} ${String(text)}: expected a number above 0`);
}

function places(text: unknown): readonly number[] | undefined {
  if (typeof text !== "string") return undefined;
  return text === "none" ? [] : text.split(",").map((place) => integer("keep", place, 0));
}
