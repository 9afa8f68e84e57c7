import type { NodeId } from "@pi-controller/schema";
import type { MemberUpdate } from "./member.ts";

/** Every update is passed on this many times log2 of the number of members (memberlist's RetransmitMult). */
const RETRANSMIT_FACTOR = 4;
/** What probably everybody knows is passed on this many times. */
const REPETITIONS_OF_COMMON = 2;

/**
 * News that ride on probes and their answers: each a number of times that grows with the logarithm of the
 * mesh, which is how often an epidemic has to repeat itself (SWIM, section 4.1). The least repeated go first.
 */
export class Dissemination {
  /** By how often they were passed on. At most one update a member in all of them. */
  readonly #byCount: Map<NodeId, MemberUpdate>[] = [];
  readonly #countOf = new Map<NodeId, number>();

  /** Replaces older news of the same member. */
  add(update: MemberUpdate): void {
    this.remove(update.id);
    this.#put(update, 0);
  }

  /** As `add`, for what is new to this peer and probably to nobody else: comes last, and a few times only. */
  addCommon(update: MemberUpdate, members: number): void {
    this.remove(update.id);
    this.#put(update, Math.max(0, repetitionsIn(members) - REPETITIONS_OF_COMMON));
  }

  remove(id: NodeId): void {
    const count = this.#countOf.get(id);
    if (count === undefined) return;
    this.#byCount[count]?.delete(id);
    this.#countOf.delete(id);
  }

  /** The next updates to pass on; counts them as passed on once more. */
  take(limit: number, members: number): MemberUpdate[] {
    if (this.#countOf.size === 0) return [];
    const taken = this.#leastRepeated(limit);
    const repetitions = repetitionsIn(members);
    for (const { update, count } of taken) {
      this.remove(update.id);
      if (count + 1 < repetitions) this.#put(update, count + 1);
    }
    return taken.map(({ update }) => update);
  }

  #leastRepeated(limit: number): { readonly update: MemberUpdate; readonly count: number }[] {
    const taken: { update: MemberUpdate; count: number }[] = [];
    for (const [count, updates] of this.#byCount.entries()) {
      for (const update of updates.values()) {
        if (taken.length === limit) return taken;
        taken.push({ update, count });
      }
    }
    return taken;
  }

  #put(update: MemberUpdate, count: number): void {
    while (this.#byCount.length <= count) this.#byCount.push(new Map());
    this.#byCount[count]?.set(update.id, update);
    this.#countOf.set(update.id, count);
  }
}

function repetitionsIn(members: number): number {
  return RETRANSMIT_FACTOR * Math.ceil(Math.log2(members + 2));
}
