import { type Clock, sleep } from "@pi-controller/runtime";
import type { AuditStore } from "./audit-store.ts";
import { beginCheck, type ChainCheck, checkNext, endCheck } from "./chain-check.ts";

interface Components {
  readonly clock: Clock;
  /** @throws MeshError UNAVAILABLE when the log is not open */
  readonly store: () => Pick<AuditStore, "anchor" | "head" | "after">;
  /** Something is wrong with the chain: told once, until something else is. */
  readonly onProblem: (problem: string) => void;
  /** The chain could not be read. */
  readonly onFailure: (error: unknown) => void;
}

/** What the log found out about itself when it was last checked. */
export interface ChainState {
  readonly intact: boolean;
  readonly firstSequence: number;
  readonly detail: string;
}

/** A check that is older is repeated when somebody asks. */
const CHECK_AGE_MS = 10 * 60_000;
/** Records in one go: a few ms; requests are answered in between. */
const BATCH = 250;

/** Walks the chain of a log from its first record to its last, in the background. */
export class ChainWatch {
  readonly #components: Components;
  #stopping = new AbortController();
  #walk: Promise<void> = Promise.resolve();
  #checked: { readonly result: ChainCheck; readonly atMs: number } | undefined;
  #told: string | undefined;

  constructor(components: Components) {
    this.#components = components;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#check();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#walk;
    this.#checked = undefined;
  }

  /** As last checked; checks anew when that was long ago. @throws MeshError UNAVAILABLE when the log is not open */
  async state(): Promise<ChainState> {
    const { clock, store } = this.#components;
    await this.#walk;
    if (this.#checked === undefined || clock.monotonic() - this.#checked.atMs > CHECK_AGE_MS) {
      this.#check();
      await this.#walk;
    }
    const firstSequence = store().anchor().sequence + 1;
    const result = this.#checked?.result;
    if (result === undefined) return { intact: false, firstSequence, detail: "The log could not be checked" };
    const problem = describe(result);
    return {
      intact: problem === undefined,
      firstSequence,
      detail: problem ?? "Every record is as it was written",
    };
  }

  #check(): void {
    const { signal } = this.#stopping;
    this.#walk = this.#walkAll(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#components.onFailure(error);
    });
  }

  async #walkAll(signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#components;
    let check = beginCheck(store().anchor());
    for (;;) {
      const anchor = store().anchor();
      // Cut while it was checked.
      if (anchor.sequence > check.last.sequence) check = beginCheck(anchor);
      const rows = store().after(check.last.sequence, BATCH);
      for (const row of rows) check = checkNext(check, row);
      if (rows.length < BATCH) {
        this.#conclude(endCheck(check, store().head()));
        return;
      }
      await sleep(clock, 0, signal);
    }
  }

  #conclude(result: ChainCheck): void {
    this.#checked = { result, atMs: this.#components.clock.monotonic() };
    const problem = describe(result);
    if (problem !== undefined && problem !== this.#told) this.#components.onProblem(problem);
    this.#told = problem;
  }
}

function describe({ firstProblem, problems }: ChainCheck): string | undefined {
  if (firstProblem === undefined) return undefined;
  const more = problems > 1 ? `, and ${problems - 1} more problems` : "";
  return `Tampered with or damaged: ${firstProblem.detail}${more}`;
}
