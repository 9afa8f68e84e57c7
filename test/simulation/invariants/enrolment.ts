import { nodesCollection } from "@pi-controller/nodes";
import { runningMembers } from "../workload/people.ts";
import type { SimulatedMachine } from "../world/simulated-machine.ts";
import type { World } from "../world/world.ts";
import type { Invariant } from "./invariant.ts";

/** Every machine ends as a member for everybody, itself included, or as none for anybody. */
export class EnrolmentsEnd implements Invariant {
  readonly name = "enrolment";

  *settled(world: World): Iterable<string> {
    const members = runningMembers(world);
    for (const machine of world.machines) {
      const { gone, id, isMember: isEnrolled, isRogue, name } = machine;
      if (gone !== undefined || isRogue) continue;
      if (isEnrolled && isOrphan(world, machine)) {
        machine.gone = "orphaned";
        continue;
      }
      for (const { machine: member, peer } of members) {
        const { documents, trust } = peer.core;
        const isMember = trust.view.members.has(id);
        const isListed = documents.mesh.collection(nodesCollection).get(id) !== undefined;
        if (isMember === isEnrolled && isListed === isMember) continue;
        const itself = isEnrolled ? "takes itself for a member" : "belongs to no mesh";
        const there = `${isMember ? "a" : "no"} member${isListed ? "" : ", and not in the roster,"}`;
        yield `${name} ${itself}, and is ${there} to ${member.name}`;
      }
    }
  }
}

/** Whether nobody has heard that it was admitted, as whoever admitted it is gone, or has lost what he knew. */
function isOrphan(world: World, machine: SimulatedMachine): boolean {
  const others = world.machines.filter((other) => other !== machine && other.gone === undefined);
  if (others.some(({ trustDisk }) => trustDisk.content?.envelopes.has(`member/${machine.id}`))) return false;
  const entries = world.entries.get(machine.id) ?? [];
  return entries.every(({ writer }) => writer.gone !== undefined || world.forgetful.has(writer));
}
