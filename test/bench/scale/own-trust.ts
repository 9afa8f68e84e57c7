import { silentLogger } from "@pi-controller/runtime";
import { Trust } from "@pi-controller/security";
import { SimulatedTrustDisk } from "@pi-controller/security/testing";
import type { World } from "../../simulation/world/world.ts";

/**
 * What a peer keeps of who belongs to the mesh. A simulation reads each statement once for all peers, which is not part
 * of what they take; so it is read once more here, as by a process of its own.
 *
 * @param heapMb collects garbage and says what is left
 */
export function trustMb({ clock, founding }: World, heapMb: () => number): number {
  const before = heapMb();
  const store = new SimulatedTrustDisk().create(founding.meshId, structuredClone(founding.envelopes));
  const trust = Trust.load({ clock, logger: silentLogger, store }, { buildDateMs: 0 });
  const takes = heapMb() - before;
  if (trust.view.members.size !== founding.nodes.length) throw new Error("All of them are members");
  return takes;
}
