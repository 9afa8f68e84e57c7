import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { run } from "../../../scripts/processes.ts";

/** One member's word about another. */
export interface Sighting {
  /** Who was seen, by id. */
  readonly member: string;
  readonly state: "alive" | "dead";
  /** When the line that says so arrived here (`performance.now()`). */
  readonly atMs: number;
}

/**
 * A process of a cluster whose output is read line by line. Both rivals are timed in the same way: at the
 * moment when a line arrives in this one process, so that there is one clock. Writing and reading a pipe takes
 * about a millisecond.
 */
export class MemberProcess {
  readonly name: string;
  /** What the others call it. */
  id: string;
  readonly sightings: Sighting[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #lastLines: string[] = [];

  /** @param read what a line says of a member, if anything */
  constructor(
    name: string,
    command: readonly string[],
    read: (line: string) => Omit<Sighting, "atMs"> | undefined,
  ) {
    this.name = name;
    this.id = name;
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.on("exit", () => resolve());
      child.on("error", (error) => {
        this.#lastLines.push(String(error));
        resolve();
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        const atMs = performance.now();
        this.#lastLines.push(line);
        if (this.#lastLines.length > 50) this.#lastLines.shift();
        const sighting = read(line);
        if (sighting !== undefined) this.sightings.push({ ...sighting, atMs });
      });
    }
  }

  /** The end of what it wrote, for when something goes wrong. */
  get output(): string {
    return this.#lastLines.join("\n");
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGSTOP, and SIGCONT so much later, by a shell: this process, busy reading, would be late. */
  async stall(seconds: number): Promise<void> {
    const script = 'kill -STOP "$1" && sleep "$2" && kill -CONT "$1"';
    const code = await run(["sh", "-c", script, "sh", String(this.#child.pid), String(seconds)]);
    if (code !== 0) throw new Error(`${this.name} could not be stopped for ${seconds} s`);
  }

  async end(): Promise<void> {
    this.signal("SIGKILL");
    await this.#exited;
  }

  /** What it believes of a member now. */
  believes({ id }: MemberProcess): "alive" | "dead" | undefined {
    return this.sightings.findLast(({ member }) => member === id)?.state;
  }

  /** When it first saw a member dead after a moment; undefined when it has not. */
  sawDeadAtMs({ id }: MemberProcess, afterMs: number): number | undefined {
    return this.sightings.find(
      ({ member, state, atMs }) => member === id && state === "dead" && atMs >= afterMs,
    )?.atMs;
  }
}
