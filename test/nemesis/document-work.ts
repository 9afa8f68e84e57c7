import { type Random, randomInteger } from "@pi-controller/runtime";
import type { NodeView } from "@pi-controller/schema";
import { Loops } from "./loops.ts";
import type { Machine } from "./machine.ts";

const PAUSE_MS = 500;
/** After a request whose outcome nobody knows: it must have been done, or not, before the next one. */
const SETTLE_MS = 1_000;
const POLL_MS = 100;
const COUNT_EVERY = 3;

/** A record that was acknowledged, and must not be lost. */
interface Acknowledged {
  readonly writer: Machine;
  /** What the record must say at least. */
  count: number;
}

/**
 * Writes of machines into the list of nodes, each through one peer alone: new records, and records that are changed
 * again and again.
 */
export class DocumentWork {
  /** By the name in the list. */
  readonly #required = new Map<string, Acknowledged>();
  /** The highest count that anybody tried to write, by name. */
  readonly #attempted = new Map<string, number>();
  readonly #machines: readonly Machine[];
  readonly #random: Random;
  readonly #loops = new Loops();
  /** What they wrote may be nowhere but on other machines. */
  readonly #torn = new Set<Machine>();
  #forgiven = 0;
  #acknowledged = 0;

  constructor(components: { readonly machines: readonly Machine[]; readonly random: Random }) {
    this.#machines = components.machines;
    this.#random = components.random;
  }

  /** For people. */
  get summary(): string {
    return `${this.#acknowledged} writes acknowledged, ${this.#forgiven} of them lost with a torn log before they were elsewhere`;
  }

  begin(): void {
    for (const [index, machine] of this.#machines.entries()) {
      let [turns, records] = [0, 0];
      let counter: string | undefined;
      this.#loops.begin(async () => {
        await this.#loops.pause(randomInteger(this.#random, 2 * PAUSE_MS));
        turns++;
        if (counter === undefined) counter = await this.#create(machine, `${machine.name}-counter`, index, 0);
        else if (turns % COUNT_EVERY > 0) await this.#count(machine, counter, turns);
        else await this.#create(machine, `${machine.name}-${++records}`, index, records);
      });
    }
  }

  end(): Promise<void> {
    return this.#loops.end();
  }

  /**
   * Whatever a machine wrote last may be lost: what no other machine has by now is not required any more. To be called
   * before it starts again.
   */
  async torn(machine: Machine): Promise<void> {
    this.#torn.add(machine);
    const elsewhere = this.#machines.filter(
      (other) => other !== machine && other.calmSinceMs < Number.POSITIVE_INFINITY,
    );
    const lists = await Promise.all(
      elsewhere.map((other) => countsAt(other).catch(() => new Map<string, number>())),
    );
    for (const [name, acknowledged] of this.#required) {
      if (!this.#torn.has(acknowledged.writer)) continue;
      const counts = lists.map((list) => list.get(name)).filter((count) => count !== undefined);
      const most = Math.max(-1, ...counts);
      if (most >= acknowledged.count) continue;
      this.#forgiven++;
      if (most < 0) this.#required.delete(name);
      else acknowledged.count = most;
    }
  }

  /** What of that which was acknowledged is not in a list, or is older there, or was never written. */
  missingIn(nodes: readonly NodeView[]): string[] {
    const counts = countsOf(nodes);
    const lost = [...this.#required].flatMap(([name, { count }]) => {
      const found = counts.get(name);
      if (found !== undefined && found >= count) return [];
      return [`${name} was acknowledged with ${count}, and is ${found ?? "not there"}`];
    });
    const invented = [...counts].flatMap(([name, count]) => {
      const most = this.#attempted.get(name);
      return most !== undefined && count > most ? [`${name} has ${count}, which nobody wrote`] : [];
    });
    return [...lost, ...invented];
  }

  /** @returns the id, unless it is not known whether there is one */
  async #create(machine: Machine, name: string, index: number, number: number): Promise<string | undefined> {
    // Nobody answers there: the hosts have no route to it.
    const address = `10.98.${index}.${1 + (number % 250)}`;
    const labels = { count: "0" };
    this.#attempted.set(name, Math.max(0, this.#attempted.get(name) ?? 0));
    return this.#attempt(machine, async () => {
      const { value } = await machine.client.nodes.create({ address, name, labels });
      this.#require(machine, name, 0);
      return value.id;
    });
  }

  async #count(machine: Machine, id: string, count: number): Promise<void> {
    const name = `${machine.name}-counter`;
    this.#attempted.set(name, count);
    await this.#attempt(machine, async () => {
      await machine.client.nodes.update(id, { labels: { count: String(count) } });
      this.#require(machine, name, count);
    });
  }

  #require(writer: Machine, name: string, count: number): void {
    this.#acknowledged++;
    this.#required.set(name, { writer, count });
  }

  async #attempt<T>(machine: Machine, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch {
      // Whether it was done is not known, or it was refused, as on a full disk.
      const failedMs = performance.now();
      const settled = () =>
        performance.now() - failedMs > SETTLE_MS && performance.now() - machine.calmSinceMs > SETTLE_MS;
      while (this.#loops.goOn && !settled()) await this.#loops.pause(POLL_MS);
      return undefined;
    }
  }
}

async function countsAt(machine: Machine): Promise<Map<string, number>> {
  return countsOf(await listOf(machine));
}

/** All nodes that a machine knows of. */
export async function listOf(machine: Machine): Promise<NodeView[]> {
  const nodes: NodeView[] = [];
  let cursor: string | undefined;
  do {
    const page = await machine.client.nodes.list({ limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    nodes.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return nodes;
}

function countsOf(nodes: readonly NodeView[]): Map<string, number> {
  return new Map(
    nodes
      .filter(({ labels }) => labels.count !== undefined)
      .map(({ name, labels }) => [name, Number(labels.count)]),
  );
}
