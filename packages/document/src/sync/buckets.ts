import { hash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { DocumentSet } from "../document-set.ts";
import { BUCKETS, type Holding } from "./messages.ts";

const DIGEST_CHARACTERS = 16;

/** Documents of nodes whose ids have one hash. */
interface Bucket {
  readonly holdings: Map<NodeId, Holding>;
  /** Undefined when it is to be reckoned anew. */
  digest: string | undefined;
}

/** What a set holds of node documents, in groups by node id. Nearly all groups are the same from one time to the next. */
export class Buckets {
  readonly #set: DocumentSet;
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => ({
    holdings: new Map(),
    digest: undefined,
  }));
  /** Which bucket each node that is in one is in. */
  readonly #placed = new Map<NodeId, Bucket>();

  constructor(components: { readonly set: DocumentSet }) {
    this.#set = components.set;
  }

  /** Of each group: equal for equal holdings, in whatever order they came. */
  digests(): readonly string[] {
    this.#update();
    return this.#buckets.map((bucket) => (bucket.digest ??= digestOf(bucket.holdings.values())));
  }

  /** What is held in the groups of which somebody has another digest. */
  differing(theirs: readonly string[]): readonly Holding[] {
    const ours = this.digests();
    return this.#buckets
      .filter((_, index) => ours[index] !== theirs[index])
      .flatMap(({ holdings }) => [...holdings.values()]);
  }

  #update(): void {
    const { nodes } = this.#set;
    for (const [node, { guid, replica }] of nodes) {
      const digest = replica.document.digest();
      const placed = this.#placed.get(node);
      const known = placed?.holdings.get(node);
      if (known?.digest === digest && known.guid === guid) continue;
      const bucket: Bucket | undefined = placed ?? this.#buckets[bucketOf(node)];
      if (bucket === undefined) continue;
      bucket.holdings.set(node, { node, guid, digest });
      bucket.digest = undefined;
      this.#placed.set(node, bucket);
    }
    if (this.#placed.size === nodes.size) return;
    for (const [node, bucket] of this.#placed) {
      if (nodes.has(node)) continue;
      bucket.holdings.delete(node);
      bucket.digest = undefined;
      this.#placed.delete(node);
    }
  }
}

function digestOf(holdings: Iterable<Holding>): string {
  const lines = [...holdings].map(({ node, guid, digest }) => `${node} ${guid} ${digest}\n`);
  return hash("sha256", lines.sort().join(""), "hex").slice(0, DIGEST_CHARACTERS);
}

/** FNV-1a over the id. */
function bucketOf(node: NodeId): number {
  let fnv = 0x811c9dc5;
  for (let index = 0; index < node.length; index++) {
    fnv = Math.imul(fnv ^ node.charCodeAt(index), 0x01000193);
  }
  return (fnv >>> 0) % BUCKETS;
}
