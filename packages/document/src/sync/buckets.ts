import { hash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { DocumentSet } from "../document-set.ts";
import { BUCKETS, type Holding } from "./messages.ts";

const DIGEST_CHARACTERS = 16;

/** What a set holds of node documents, in groups by node id. */
export class Buckets {
  readonly #set: DocumentSet;
  /** Of each group the digest, and what it was reckoned of: most groups are the same the next time. */
  readonly #digests: { readonly text: string; readonly digest: string }[] = [];

  constructor(components: { readonly set: DocumentSet }) {
    this.#set = components.set;
  }

  holdings(): readonly (readonly Holding[])[] {
    const buckets: Holding[][] = Array.from({ length: BUCKETS }, () => []);
    for (const [node, { guid, replica }] of this.#set.nodes) {
      buckets[bucketOf(node)]?.push({ node, guid, digest: replica.document.digest() });
    }
    return buckets;
  }

  /** Of each of these groups: equal for equal holdings, in whatever order. */
  digests(holdings: readonly (readonly Holding[])[]): readonly string[] {
    return holdings.map((bucket, index) => {
      const lines = bucket.map(({ node, guid, digest }) => `${node} ${guid} ${digest}\n`);
      const text = lines.length > 1 ? lines.sort().join("") : (lines[0] ?? "");
      const known = this.#digests[index];
      if (known?.text === text) return known.digest;
      const digest = hash("sha256", text, "hex").slice(0, DIGEST_CHARACTERS);
      this.#digests[index] = { text, digest };
      return digest;
    });
  }
}

/** FNV-1a over the id. */
function bucketOf(node: NodeId): number {
  let fnv = 0x811c9dc5;
  for (let index = 0; index < node.length; index++) {
    fnv = Math.imul(fnv ^ node.charCodeAt(index), 0x01000193);
  }
  return (fnv >>> 0) % BUCKETS;
}
