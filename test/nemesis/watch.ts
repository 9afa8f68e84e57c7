import { Loops } from "./loops.ts";
import type { Machine } from "./machine.ts";
import type { ApiCall } from "./recording-fetch.ts";

const POLL_MS = 1_000;
/** Nobody who runs and can be reached may be reported dead for longer. */
const MOST_DEAD_MS = 30_000;
/** A peer spends 8 s at most on a request; the rest is for two cores that are busy with other things. */
const MOST_REQUEST_MS = 9_500;
const MOST_RESIDENT_MEGABYTES = 400;
const MOST_OPEN_FILES = 200;

/** Looks at machines from outside, all the time. */
export class Watch {
  readonly violations = new Set<string>();
  readonly #machines: readonly Machine[];
  readonly #loops = new Loops();
  /** Since when a peer has been reporting another one dead though it need not, by both names. */
  readonly #deadSinceMs = new Map<string, number>();
  readonly #most = { residentMegabytes: 0, openFiles: 0, requestMs: 0 };
  #calls = 0;

  constructor(machines: readonly Machine[]) {
    this.#machines = machines;
  }

  get summary(): string {
    const { residentMegabytes, openFiles, requestMs } = this.#most;
    return [
      `${this.#calls} requests, ${requestMs.toFixed(0)} ms at most at peers in good health`,
      `${residentMegabytes.toFixed(0)} MB and ${openFiles} open files at most`,
    ].join("; ");
  }

  begin(): void {
    for (const machine of this.#machines) {
      this.#loops.begin(async () => {
        this.#lookAtProcess(machine);
        await this.#lookAtView(machine);
        await this.#loops.pause(POLL_MS);
      });
    }
  }

  end(): Promise<void> {
    return this.#loops.end();
  }

  readonly onCall = (machine: Machine, call: ApiCall): void => {
    this.#calls++;
    // Only a peer that nothing was done to meanwhile has no excuse.
    if (machine.calmSinceMs > call.sentMs) return;
    const tookMs = call.endedMs - call.sentMs;
    this.#most.requestMs = Math.max(this.#most.requestMs, tookMs);
    const took = `after ${tookMs.toFixed(0)} ms`;
    if (call.status === undefined) {
      this.violations.add(`${machine.name} did not answer ${call.what} ${took}: ${call.error}`);
    } else if (tookMs > MOST_REQUEST_MS) {
      this.violations.add(`${machine.name} answered ${call.what} with ${call.status} ${took}`);
    } else if (call.status === 500) {
      this.violations.add(`${machine.name} answered ${call.what} with 500`);
    }
  };

  #lookAtProcess(machine: Machine): void {
    if (machine.isDown) return;
    if (!machine.peer.running) {
      const tail = machine.peer.log.slice(-2_000);
      this.violations.add(`${machine.name} ended by itself:\n${tail}`);
      return;
    }
    const footprint = machine.footprint();
    if (footprint === undefined) return;
    const { residentMegabytes, openFiles } = footprint;
    this.#most.residentMegabytes = Math.max(this.#most.residentMegabytes, residentMegabytes);
    this.#most.openFiles = Math.max(this.#most.openFiles, openFiles);
    if (residentMegabytes > MOST_RESIDENT_MEGABYTES) {
      this.violations.add(`${machine.name} takes more than ${MOST_RESIDENT_MEGABYTES} MB`);
    }
    if (openFiles > MOST_OPEN_FILES) {
      this.violations.add(`${machine.name} has more than ${MOST_OPEN_FILES} files open`);
    }
  }

  async #lookAtView(machine: Machine): Promise<void> {
    const dead = await this.#deadAt(machine);
    const nowMs = performance.now();
    for (const other of this.#machines) {
      const pair = `${machine.name} reports ${other.name} dead`;
      const parts = [machine, other];
      const wellSinceMs = Math.max(...parts.flatMap((each) => [each.calmSinceMs, each.linkedSinceMs]));
      if (other === machine || !dead?.has(other.id) || wellSinceMs > nowMs) {
        this.#deadSinceMs.delete(pair);
        continue;
      }
      const sinceMs = Math.max(this.#deadSinceMs.get(pair) ?? nowMs, wellSinceMs);
      this.#deadSinceMs.set(pair, sinceMs);
      if (nowMs - sinceMs > MOST_DEAD_MS) {
        this.violations.add(`${pair} for more than ${MOST_DEAD_MS} ms, though nothing is wrong with either`);
      }
    }
  }

  /** @returns undefined when it does not answer: whether it may is looked at with each request */
  async #deadAt(machine: Machine): Promise<Set<string> | undefined> {
    try {
      const { items } = await machine.client.nodes.list({ state: "dead", limit: 500 });
      return new Set(items.map(({ id }) => id));
    } catch {
      return undefined;
    }
  }
}
