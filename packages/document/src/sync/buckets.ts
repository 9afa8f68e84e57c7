import { createHash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { DocumentSet } from "../document-set.ts";
import { BUCKETS, type Holding } from "./messages.ts";

const DIGEST_CHARACTERS = 16;

/** What a set holds of node documents, in groups by node id. */
export function holdingsByBucket(set: DocumentSet): readonly (readonly Holding[])[] {
  const buckets: Holding[][] = Array.from({ length: BUCKETS }, () => []);
  for (const [node, { guid, replica }] of set.nodes) {
    buckets[bucketOf(node)]?.push({ node, guid, digest: replica.document.digest() });
  }
  return buckets;
}

/** Equal for equal holdings, in whatever order. */
export function digestOf(holdings: readonly Holding[]): string {
  const lines = holdings.map(({ node, guid, digest }) => `${node} ${guid} ${digest}\n`);
  return createHash("sha256").update(lines.sort().join("")).digest("hex").slice(0, DIGEST_CHARACTERS);
}

/** FNV-1a over the id. */
function bucketOf(node: NodeId): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < node.length; index++) {
    hash = Math.imul(hash ^ node.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % BUCKETS;
}
