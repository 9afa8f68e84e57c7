import type { NodeId } from "@pi-controller/schema";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

interface Version {
  readonly bootEpoch: number;
  readonly incarnation: number;
}

/** Peers whose beliefs are looked at in one turn: in a large world the others have theirs later. */
const LOOKED_AT = 20;

/** What a process believes of a member never goes back to an older version; in the end it is of the life that it leads. */
export class MemberVersionsRise implements Invariant {
  readonly name = "member versions";
  readonly #known = new WeakMap<object, Map<NodeId, Version>>();
  #turn = 0;

  check(world: World): void {
    const running = world.machines.filter(({ isRunning }) => isRunning);
    const turns = Math.ceil(running.length / LOOKED_AT);
    this.#turn = (this.#turn + 1) % Math.max(1, turns);
    for (const [index, one] of running.entries()) {
      const { peer } = one;
      if (peer === undefined || index % turns !== this.#turn) continue;
      const known = this.#known.get(peer) ?? new Map<NodeId, Version>();
      const now = new Map<NodeId, Version>();
      for (const [id, { state, bootEpoch, incarnation }] of peer.core.membership.members()) {
        // Of whom nothing was heard since it was forgotten, there is no version.
        if (state === "unknown") continue;
        const before = known.get(id);
        now.set(id, { bootEpoch, incarnation });
        if (before === undefined || !isOlder({ bootEpoch, incarnation }, before)) continue;
        const name = world.machine(id)?.name ?? id;
        const told = `${name} as ${state} in ${bootEpoch}/${incarnation} after ${before.bootEpoch}/${before.incarnation}`;
        world.violation(this.name, `${one.name} knows ${told}`);
      }
      this.#known.set(peer, now);
    }
  }

  *settled(world: World): Iterable<string> {
    const members = world.machines.filter(({ gone, peer }) => peer !== undefined && gone === undefined);
    for (const other of members) {
      // A node whose count of starts was set back goes on from the highest that others know.
      if (world.forgetful.has(other)) continue;
      for (const one of members) {
        const believed = one.peer?.core.membership.member(other.id)?.bootEpoch;
        if (believed === undefined || believed === other.peer?.bootEpoch) continue;
        yield `${one.name} takes ${other.name}, start ${other.peer?.bootEpoch}, for its start ${believed}`;
      }
    }
  }
}

function isOlder(one: Version, other: Version): boolean {
  return one.bootEpoch === other.bootEpoch
    ? one.incarnation < other.incarnation
    : one.bootEpoch < other.bootEpoch;
}
