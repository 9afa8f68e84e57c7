import { defineCollection } from "@pi-controller/document";
import { pick, type Random, randomInteger, type Timer } from "@pi-controller/runtime";
import * as z from "zod";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Workload } from "./workload.ts";

/** What the simulation writes: the number grows with every write of a key. */
export const countersCollection = defineCollection({
  name: "counters",
  schema: z.object({ id: z.string(), count: z.int() }),
});

export type CounterKind = "mesh" | "own";

export interface Counter {
  readonly machine: SimulatedMachine;
  readonly kind: CounterKind;
  readonly id: string;
  /** The highest number that was ever tried to write. */
  attempted: number;
  /** The highest number whose write was acknowledged. */
  acknowledged: number;
  /** The highest one that its machine's disk may since have lost. */
  doubtful: number;
}

export interface DocumentWritesOptions {
  /** Between two bursts of writes, of all machines together. */
  readonly intervalMs: number;
}

/** Counters that each machine keeps in each of the two kinds of document that it may write. */
const COUNTERS = 3;
/** Several at once share a write to the disk. */
const MAX_BURST = 8;

/** Machines count in documents, and it is remembered how far each write got. */
export class DocumentWrites implements Workload {
  readonly name = "document writes";
  readonly counters = new Map<string, Counter>();
  readonly #options: DocumentWritesOptions;
  #random: Random | undefined;
  #timer: Timer | undefined;
  /** Begun and neither acknowledged nor refused, by the process that does them. */
  readonly #open = new Map<object, number>();

  constructor(options: DocumentWritesOptions) {
    this.#options = options;
  }

  begin(world: World): void {
    this.#random = world.random("document writes");
    const step = () => {
      this.#timer = world.clock.setTimer(step, this.#options.intervalMs);
      this.#burst(world);
    };
    step();
  }

  end(): void {
    this.#timer?.cancel();
  }

  /** How many writes a process has begun that have not ended. */
  openOf(peer: object): number {
    return this.#open.get(peer) ?? 0;
  }

  #burst(world: World): void {
    const random = this.#random as Random;
    const machine = pick(
      random,
      world.machines.filter(({ isRunning }) => isRunning),
    );
    const kind = random.next() < 0.5 ? "mesh" : "own";
    if (machine === undefined) return;
    for (let count = randomInteger(random, MAX_BURST); count >= 0; count--) {
      this.#write(world, machine, kind, randomInteger(random, COUNTERS));
    }
  }

  #write(world: World, machine: SimulatedMachine, kind: CounterKind, number: number): void {
    const { peer } = machine;
    if (peer === undefined) return;
    const id = `${machine.id}-${number}`;
    const counter = this.#counterOf(machine, kind, id);
    const count = ++counter.attempted;
    this.#open.set(peer, this.openOf(peer) + 1);
    const over = () => void this.#open.set(peer, this.openOf(peer) - 1);
    peer.core.documents[kind]
      .collection(countersCollection)
      .put(id, { id, count })
      .then(
        () => {
          over();
          counter.acknowledged = Math.max(counter.acknowledged, count);
          world.trace.add(world.clock.monotonic(), `${machine.name} wrote ${kind} ${number} = ${count}`);
        },
        // Refused, as by a process that stops: nothing was promised, and nothing is to be seen of it.
        () => {
          over();
          const shown = peer.core.documents[kind].collection(countersCollection).get(id)?.count;
          if (shown === count) world.violation(this.name, `${machine.name} shows ${count}, which it refused`);
        },
      );
  }

  #counterOf(machine: SimulatedMachine, kind: CounterKind, id: string): Counter {
    const key = `${kind}/${id}`;
    const known = this.counters.get(key);
    if (known !== undefined) return known;
    const counter: Counter = { machine, kind, id, attempted: 0, acknowledged: 0, doubtful: 0 };
    this.counters.set(key, counter);
    return counter;
  }
}
