import { defineCollection } from "@pi-controller/document";
import { pick, type Random, randomInteger, type Timer } from "@pi-controller/runtime";
import * as z from "zod";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Workload } from "./workload.ts";

/** Records that come and go; some are long, so that logs are compacted now and then. */
export const marksCollection = defineCollection({
  name: "marks",
  schema: z.object({ id: z.string(), text: z.string() }),
});

export interface MarksOptions {
  /** Between two changes, of all machines together. */
  readonly intervalMs: number;
}

/** One id in one document of one machine. */
interface Mark {
  readonly machine: SimulatedMachine;
  readonly kind: "mesh" | "own";
  readonly id: string;
  /** What it was last set to, or null when it was taken out; undefined while it is not known how that ended. */
  stands: string | null | undefined;
}

/** Marks that each machine keeps in each of the two documents that it may write. */
const MARKS = 2;
const MAX_LENGTH = 40_000;

/** Machines put long records into documents, and take them out again. */
export class Marks implements Workload {
  readonly name = "marks";
  readonly marks = new Map<string, Mark>();
  readonly #options: MarksOptions;
  #timer: Timer | undefined;
  /** Counts what is written, so that no two values are the same. */
  #count = 0;

  constructor(options: MarksOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    const random = world.random("marks");
    const step = () => {
      this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
      this.#change(world, random);
    };
    step();
  }

  end(): void {
    this.#timer?.cancel();
  }

  #change(world: World, random: Random): void {
    const running = world.machines.filter(({ isRunning }) => isRunning);
    const machine = pick(random, running);
    const kind = random.next() < 0.5 ? "mesh" : "own";
    const number = randomInteger(random, MARKS);
    const length = Math.round(MAX_LENGTH * random.next() ** 2);
    const isPut = random.next() < 0.6;
    if (machine?.peer === undefined) return;
    const id = `${machine.id}-${number}`;
    const mark: Mark = { machine, kind, id, stands: undefined };
    // One that is still under way when the next one begins may come after it: both are forgotten then.
    this.marks.set(`${kind}/${id}`, mark);
    const marks = machine.peer.core.documents[kind].collection(marksCollection);
    const text = isPut ? `${++this.#count} `.padEnd(length, ".") : null;
    const work = text === null ? marks.delete(id) : marks.put(id, { id, text });
    work.then(
      () => {
        mark.stands = text;
      },
      // Refused, as by a process that stops: nothing was promised, and the one before it may stand.
      () => undefined,
    );
  }
}
