import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const INTERVAL_MS = 5;
/** Timers of Node are of whole milliseconds, and now and then one later. */
const LEAST_MS = 4;

/** Wakes every few milliseconds and prints by how much it was late. */
const PROGRAM = `
  let dueMs = performance.now() + ${INTERVAL_MS};
  const wake = () => {
    const lateMs = performance.now() - dueMs;
    if (lateMs > ${LEAST_MS}) console.log(lateMs);
    dueMs = performance.now() + ${INTERVAL_MS};
    setTimeout(wake, ${INTERVAL_MS});
  };
  wake();
`;

/** How often a process had to wait for a processor, and for how long. */
export interface Waits {
  readonly lateMs: readonly number[];
  readonly durationMs: number;
}

/** Measures how late a process is that wants to run: machines that tests share with others are busy. */
export class LatenessProbe {
  readonly #child: ChildProcess;
  readonly #lateMs: number[] = [];
  readonly #startedMs = performance.now();

  constructor() {
    this.#child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
    if (this.#child.stdout === null) throw new Error("The probe has no output");
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#lateMs.push(Number(line)));
  }

  get waits(): Waits {
    return { lateMs: this.#lateMs, durationMs: performance.now() - this.#startedMs };
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
