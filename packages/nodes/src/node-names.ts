import { type NodeId, toNodeName } from "@pi-controller/schema";

const MAX_NAME_LENGTH = 63;
const SUFFIX_LENGTH = 5;

/**
 * A name that no other node has: as wanted, or with the end of the node's id added. Freshly flashed Pis are
 * all called `raspberrypi`.
 */
export function uniqueNodeName(wanted: string, id: NodeId, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  // Ids start alike (the type of the key) and end at random.
  const suffix = toNodeName(id.slice(-SUFFIX_LENGTH));
  return `${wanted.slice(0, MAX_NAME_LENGTH - SUFFIX_LENGTH - 1).replace(/-+$/, "")}-${suffix}`;
}
