import { createHash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";

/** How long each sponsor leaves to the one before it, the dial and two messages being a matter of a second. */
const TURN_MS = 2_000;

/**
 * Which member admits a node that carries a join token: an order that all members find by themselves, another one
 * for each node (rendezvous hashing, Thaler and Ravishankar 1996), so that not all of them dial it.
 *
 * @param members those that are believed alive; whether this one is among them does not matter
 * @returns after how many ms it is the turn of `self`
 */
export function sponsorDelayMs(self: NodeId, members: Iterable<NodeId>, pending: NodeId): number {
  const own = weightOf(self, pending);
  let before = 0;
  for (const member of members) {
    if (member !== self && Buffer.compare(weightOf(member, pending), own) > 0) before++;
  }
  return before * TURN_MS;
}

function weightOf(member: NodeId, pending: NodeId): Buffer {
  return createHash("sha256").update(`${pending} ${member}`).digest();
}
