import { nodesCollection } from "@pi-controller/nodes";
import { runningMembers } from "../workload/people.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Members know of nobody who never was one: not in what they believe of others, and in no document. */
export class UnenrolledAreOut implements Invariant {
  readonly name = "unenrolled";

  *settled(world: World): Iterable<string> {
    for (const { machine, peer } of runningMembers(world)) {
      const { documents, membership } = peer.core;
      const known = [
        ...membership.members().keys(),
        ...documents.mesh
          .collection(nodesCollection)
          .all()
          .filter(({ kind }) => kind === "peer")
          .map(({ id }) => id),
      ];
      for (const id of known) {
        const node = world.machine(id);
        const was = node !== undefined && (node.isMember || node.gone !== undefined);
        const isEntered = world.entries.has(id);
        if (!was && !isEntered) yield `${machine.name} knows of ${id}, who never was a member`;
      }
    }
  }
}
