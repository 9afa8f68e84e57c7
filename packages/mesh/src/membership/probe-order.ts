import { type Random, randomInteger, shuffle } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/**
 * Whose turn it is: everyone once a round, in a random order that changes every round, so that the time until
 * a member is probed is bounded (SWIM, section 4.3). Costs O(1) a turn on average.
 */
export class ProbeOrder {
  #round: NodeId[] = [];
  #next = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Gives a newcomer a random place in the rest of this round. */
  add(id: NodeId): void {
    const place = this.#next + randomInteger(this.#random, this.#round.length - this.#next + 1);
    const displaced = this.#round[place];
    this.#round.push(displaced ?? id);
    if (displaced !== undefined) this.#round[place] = id;
  }

  /**
   * @param all whom a new round consists of
   * @param eligible whether someone may have their turn now; those who left since the round began may not
   * @returns undefined when nobody is eligible
   */
  take(all: () => Iterable<NodeId>, eligible: (id: NodeId) => boolean): NodeId | undefined {
    // The rest of this round, then at most one whole new one.
    for (let rounds = 0; rounds < 2; rounds++) {
      while (this.#next < this.#round.length) {
        const id = this.#round[this.#next++] as NodeId;
        if (eligible(id)) return id;
      }
      this.#round = shuffle(this.#random, [...all()]);
      this.#next = 0;
    }
    return undefined;
  }

  /** Up to `count` different members at random, without using up their turns. */
  sample(count: number, eligible: (id: NodeId) => boolean): NodeId[] {
    const chosen = new Set<NodeId>();
    if (this.#round.length <= count * 4) {
      for (const id of shuffle(this.#random, this.#round)) {
        if (chosen.size < count && eligible(id)) chosen.add(id);
      }
      return [...chosen];
    }
    for (let tries = 0; tries < count * 4 && chosen.size < count; tries++) {
      const id = this.#round[randomInteger(this.#random, this.#round.length)] as NodeId;
      if (eligible(id)) chosen.add(id);
    }
    return [...chosen];
  }
}
