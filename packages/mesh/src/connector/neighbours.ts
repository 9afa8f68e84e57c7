import type { NodeId } from "@pi-controller/schema";

/** Up to this many members each peer is connected to all others. */
export const FULL_MESH_SIZE = 32;

/**
 * The members that a peer keeps connections to. In a large mesh these are the ones at distances 1, 2, 4, 8, ...
 * both ways around a ring of all ids: some 2 log2(n) connections a peer, and log2(n) hops at most between any
 * two. Ids are hashes of keys, so their order says nothing about where peers are.
 *
 * @param members with or without `self`; equal sets give relations that are symmetric, whatever their order
 */
export function neighbours(self: NodeId, members: readonly NodeId[]): ReadonlySet<NodeId> {
  const ring = [...new Set([...members, self])].sort();
  if (ring.length <= FULL_MESH_SIZE) return new Set(ring.filter((member) => member !== self));
  const position = ring.indexOf(self);
  const found = new Set<NodeId>();
  for (let distance = 1; distance <= ring.length / 2; distance *= 2) {
    found.add(ring[(position + distance) % ring.length] as NodeId);
    found.add(ring[(position - distance + ring.length) % ring.length] as NodeId);
  }
  return found;
}
