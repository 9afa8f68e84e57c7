import { nodesCollection } from "@pi-controller/nodes";
import { runningMembers } from "../workload/people.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Every machine ends as a member for everybody, itself included, or as none for anybody. */
export class EnrolmentsEnd implements Invariant {
  readonly name = "enrolment";

  *settled(world: World): Iterable<string> {
    const members = runningMembers(world);
    for (const machine of world.machines) {
      const { gone, id, isRogue, name, trustDisk } = machine;
      if (gone !== undefined || isRogue) continue;
      for (const { machine: member, peer } of members) {
        const { documents, trust } = peer.core;
        const isMember = trust.view.members.has(id);
        const isListed = documents.mesh.collection(nodesCollection).get(id) !== undefined;
        if (isMember === trustDisk.isMember && isListed === isMember) continue;
        const itself = trustDisk.isMember ? "takes itself for a member" : "belongs to no mesh";
        const there = `${isMember ? "a" : "no"} member${isListed ? "" : ", and not in the roster,"}`;
        yield `${name} ${itself}, and is ${there} to ${member.name}`;
      }
    }
  }
}
