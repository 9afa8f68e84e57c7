import type { MembershipState, NodeId } from "@pi-controller/schema";

/** Members lost within this time of each other are taken to be lost for one reason. */
const SAME_CAUSE_MS = 15_000;
/** One lost member is a failure of its own; from this many on, the network is the likelier cause. */
const MINIMUM_LOST = 2;

/** Members that this peer cannot reach, lost together. */
export interface Partition {
  /** In ms on the clock of the members' `sinceMs`: when the first of them was lost. */
  readonly sinceMs: number;
  readonly unreachable: readonly NodeId[];
}

export interface MemberState {
  readonly id: NodeId;
  readonly state: MembershipState;
  /** In ms, when this peer came to believe so; all members' and the previous partition's on one clock. */
  readonly sinceMs: number;
}

/**
 * Whether the mesh looks split from here: several members were found dead at about the same time. Nobody can
 * tell a cut from machines that all died together; the answer says what is out of reach, not why.
 *
 * @param previous what was believed before: a partition stands, with whoever is still lost, until none is
 */
export function detectPartition(
  members: readonly MemberState[],
  previous: Partition | undefined,
): Partition | undefined {
  const dead = members.filter((member) => member.state === "dead").sort((a, b) => a.sinceMs - b.sinceMs);
  const lost = new Set(previous?.unreachable.filter((id) => dead.some((member) => member.id === id)));
  let start = 0;
  for (let end = 0; end < dead.length; end++) {
    const newest = dead[end]?.sinceMs ?? 0;
    while ((dead[start]?.sinceMs ?? 0) < newest - SAME_CAUSE_MS) start++;
    if (end - start + 1 >= MINIMUM_LOST) {
      for (const member of dead.slice(start, end + 1)) lost.add(member.id);
    }
  }
  const unreachable = dead.filter((member) => lost.has(member.id));
  const first = unreachable[0];
  if (first === undefined) return undefined;
  return { sinceMs: previous?.sinceMs ?? first.sinceMs, unreachable: unreachable.map((member) => member.id) };
}
