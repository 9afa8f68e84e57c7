import { pick, type Random, sleep } from "@pi-controller/runtime";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import { Life } from "./life.ts";
import type { PinAsker } from "./pin-asker.ts";

export interface PinOperatorComponents {
  readonly world: World;
  readonly asker: PinAsker;
  readonly random: Random;
}

export interface PinOperatorOptions {
  readonly owners: readonly SimulatedMachine[];
}

const USER = "ada";
const OF_ALL = 0.2;
const RETRY_MS = 1_000;
const MOST_STOPPED_MS = 30_000;

/** Somebody who stops all outputs of a node, or of all nodes, and clears that some time later. */
export class PinOperator {
  readonly #components: PinOperatorComponents;
  readonly #options: PinOperatorOptions;
  /** Nodes whose outputs are stopped for certain, since this life of theirs. */
  readonly #stopped = new Map<SimulatedMachine, Life>();
  #isBusy = false;

  constructor(components: PinOperatorComponents, options: PinOperatorOptions) {
    this.#components = components;
    this.#options = options;
  }

  /** Whether a stop stands there for certain: somebody was told so, and nobody has asked for its end. */
  isStopped(machine: SimulatedMachine): boolean {
    const { world } = this.#components;
    const life = this.#stopped.get(machine);
    if (life === undefined) return false;
    return !(life.isRebooted(machine) && (life.wasAtRisk || world.forgetful.has(machine)));
  }

  step(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    void this.#act().finally(() => {
      this.#isBusy = false;
    });
  }

  async #act(): Promise<void> {
    const { asker, random, world } = this.#components;
    const owner = pick(random, this.#options.owners);
    const machine = asker.machine(random.next() < 0.3 ? owner : undefined);
    if (owner === undefined || machine === undefined) return;
    const node = random.next() < OF_ALL ? null : owner.id;
    const what = `stops ${node === null ? "all" : owner.name}`;
    const lives = new Map(this.#options.owners.map((each) => [each, new Life(each)]));
    const outcome = await asker.ask(machine, { what, user: USER, owner }, (pins, asking) =>
      pins.stop(node, { reason: "simulated" }, asking),
    );
    if (outcome.kind === "done") {
      const { unconfirmed } = outcome.value;
      for (const [each, life] of lives) {
        const isMeant = node === null ? !unconfirmed.includes(each.id) : each === owner;
        if (isMeant) this.#stopped.set(each, life);
      }
    }
    await sleep(world.clock, 1_000 + MOST_STOPPED_MS * random.next() ** 3);
    // Whoever sees that it is away does not clear what stops it.
    while (!owner.isRunning && owner.gone === undefined) await sleep(world.clock, RETRY_MS);
    await sleep(world.clock, RETRY_MS * 3 * random.next());
    await this.#clear(node, owner);
  }

  /** Until it was done, asking somebody else each time; a node that is no member any more has nothing to clear. */
  async #clear(node: SimulatedMachine["id"] | null, owner: SimulatedMachine): Promise<void> {
    const { asker, world } = this.#components;
    for (let isDone = false; !isDone && (node === null || owner.gone === undefined); ) {
      const machine = asker.machine(undefined);
      if (node === null) this.#stopped.clear();
      else this.#stopped.delete(owner);
      if (machine !== undefined) {
        const what = `clears the stop of ${node === null ? "all" : owner.name}`;
        const outcome = await asker.ask(machine, { what, user: USER, owner }, (pins, asking) =>
          pins.clear(node, asking),
        );
        isDone = outcome.kind === "done";
      }
      if (!isDone) await sleep(world.clock, RETRY_MS);
    }
  }
}
