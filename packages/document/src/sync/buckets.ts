import { hash } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { DocumentSet } from "../document-set.ts";
import { BUCKETS, type Holding } from "./messages.ts";

const DIGEST_CHARACTERS = 16;

/** The nodes whose ids fall together. */
class Bucket {
  readonly #holdings = new Map<NodeId, Holding>();
  #digest: string | undefined;

  get holdings(): Iterable<Holding> {
    return this.#holdings.values();
  }

  /** Equal for equal holdings, in whatever order. */
  get digest(): string {
    this.#digest ??= digestOf(this.holdings);
    return this.#digest;
  }

  put(holding: Holding): void {
    this.#holdings.set(holding.node, holding);
    this.#digest = undefined;
  }

  remove(node: NodeId): void {
    this.#holdings.delete(node);
    this.#digest = undefined;
  }
}

/** What a set holds of node documents, in groups by node id. Most are as they were at the last look. */
export class Buckets {
  readonly #set: DocumentSet;
  readonly #buckets = Array.from({ length: BUCKETS }, () => new Bucket());
  /** What was held at the last look. */
  readonly #known = new Map<NodeId, { readonly bucket: Bucket; readonly holding: Holding }>();

  constructor(components: { readonly set: DocumentSet }) {
    this.#set = components.set;
  }

  /** Of each group. */
  digests(): readonly string[] {
    this.#look();
    return this.#buckets.map(({ digest }) => digest);
  }

  /** @param digests what somebody else holds: one for each group. @returns what is held here in those that differ */
  differing(digests: readonly string[]): readonly Holding[] {
    this.#look();
    return this.#buckets.flatMap(({ digest, holdings }, index) =>
      digest === digests[index] ? [] : [...holdings],
    );
  }

  #look(): void {
    const { nodes } = this.#set;
    for (const [node, { guid, replica }] of nodes) {
      const known = this.#known.get(node);
      const digest = replica.document.digest();
      if (known?.holding.digest === digest && known.holding.guid === guid) continue;
      const bucket = known?.bucket ?? this.#bucketOf(node);
      const holding = { node, guid, digest };
      bucket.put(holding);
      this.#known.set(node, { bucket, holding });
    }
    if (this.#known.size === nodes.size) return;
    for (const [node, { bucket }] of this.#known) {
      if (nodes.has(node)) continue;
      bucket.remove(node);
      this.#known.delete(node);
    }
  }

  #bucketOf(node: NodeId): Bucket {
    return this.#buckets[fnv1a(node) % BUCKETS] as Bucket;
  }
}

function digestOf(holdings: Iterable<Holding>): string {
  const lines = Array.from(holdings, ({ node, guid, digest }) => `${node} ${guid} ${digest}\n`);
  return hash("sha256", lines.sort().join(""), "hex").slice(0, DIGEST_CHARACTERS);
}

function fnv1a(text: string): number {
  let fnv = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    fnv = Math.imul(fnv ^ text.charCodeAt(index), 0x01000193);
  }
  return fnv >>> 0;
}
