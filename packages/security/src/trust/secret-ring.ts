import type { NodeId } from "@pi-controller/schema";
import type { MeshSecret } from "./building/mesh-secrets.ts";

/** Each costs a trial on every inbound connection; who was away for longer is enrolled anew. */
export const MAX_RING = 8;

/**
 * The mesh secrets that are still of use: the newest, and older ones as long as some member may have no newer one.
 *
 * @param secrets all that are known, in any order
 * @param others members other than this node
 * @param acknowledged the epoch that each member is known to have
 * @returns newest first
 */
export function ringOf(
  secrets: readonly MeshSecret[],
  others: Iterable<NodeId>,
  acknowledged: ReadonlyMap<NodeId, number>,
): MeshSecret[] {
  const newestFirst = [...secrets].sort((one, other) => other.epoch - one.epoch);
  const newest = newestFirst[0]?.epoch ?? 0;
  let oldestInUse = newest;
  for (const node of others) oldestInUse = Math.min(oldestInUse, acknowledged.get(node) ?? 0);
  return newestFirst.filter(({ epoch }) => epoch >= oldestInUse).slice(0, MAX_RING);
}

/**
 * With which secrets a peer may be dialled, the one that it surely has first: it may have a newer one that this node
 * has not heard of, and have dropped the older.
 *
 * @param ring newest first
 * @param epoch that it is known to have; undefined when nothing is known
 */
export function diallingOrder(ring: readonly MeshSecret[], epoch: number | undefined): MeshSecret[] {
  const [newest] = ring;
  const candidates = ring.filter((secret) => secret.epoch >= (epoch ?? 0));
  if (candidates.length === 0) return newest === undefined ? [] : [newest];
  return candidates.toReversed();
}
