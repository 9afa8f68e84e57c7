import type { MembershipChange } from "@pi-controller/mesh";
import type { NodeId } from "@pi-controller/schema";
import type { RunningPeer } from "../world/compose-peer.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

type MemberView = MembershipChange["member"];

/** Peers whose beliefs are looked at in one turn: in a large world the others have theirs later. */
const LOOKED_AT = 20;

/** What a process believes of a member never goes back to an older version; in the end it is of the life that it leads. */
export class MemberVersionsRise implements Invariant {
  readonly name = "member versions";
  readonly #known = new WeakMap<RunningPeer, Map<NodeId, MemberView>>();
  #turn = 0;

  check(world: World): void {
    const running = world.machines.filter(({ isRunning }) => isRunning);
    const turns = Math.ceil(running.length / LOOKED_AT);
    this.#turn = (this.#turn + 1) % Math.max(1, turns);
    for (const [index, { name, peer }] of running.entries()) {
      if (peer === undefined) continue;
      if (!this.#known.has(peer)) this.#watch(world, name, peer);
      if (index % turns !== this.#turn) continue;
      const members = peer.core.membership.members();
      const known = this.#known.get(peer) ?? new Map<NodeId, MemberView>();
      for (const id of known.keys()) if (!members.has(id)) known.delete(id);
      for (const member of members.values()) this.#see(world, name, known, member);
    }
  }

  #watch(world: World, name: string, peer: RunningPeer): void {
    const known = new Map<NodeId, MemberView>();
    this.#known.set(peer, known);
    peer.core.membership.observe(({ member }) => this.#see(world, name, known, member));
  }

  #see(world: World, name: string, known: Map<NodeId, MemberView>, member: MemberView): void {
    const { id, state, bootEpoch, incarnation } = member;
    // Of whom nothing was heard since it was forgotten, there is no version.
    if (state === "unknown") return;
    const before = known.get(id);
    known.set(id, member);
    if (before === undefined || !isOlder(member, before)) return;
    const told = `${world.machine(id)?.name} as ${state} in ${bootEpoch}/${incarnation}`;
    const after = `${before.state} in ${before.bootEpoch}/${before.incarnation}`;
    world.violation(this.name, `${name} knows ${told} after ${after}`);
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

function isOlder(one: MemberView, other: MemberView): boolean {
  return one.bootEpoch === other.bootEpoch
    ? one.incarnation < other.incarnation
    : one.bootEpoch < other.bootEpoch;
}
