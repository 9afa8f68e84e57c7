import type { NodeId } from "@pi-controller/schema";
import { MAX_NODES } from "./metrics-budget.ts";
import { type HeldVersion, type ShortId, shortIdOf } from "./sample-messages.ts";
import { isNewer, type SampleVersion, type SignedSample } from "./signed-sample.ts";

export interface SampleTableComponents {
  /** Whose samples are kept and passed on at all. */
  readonly isMember: (node: NodeId) => boolean;
}

export interface HeldSample extends SignedSample {
  readonly short: ShortId;
  /** On this peer's monotonic clock. */
  readonly measuredAtMs: number;
}

export interface Difference {
  /** What is here and not there, what came last first. */
  readonly newer: readonly HeldSample[];
  /** What is there and not here. */
  readonly wanted: readonly ShortId[];
}

/** The newest sample of each member, as it is passed on. */
export class SampleTable {
  readonly #components: SampleTableComponents;
  /** In the order in which they came, the longest silent node first. */
  readonly #held = new Map<NodeId, HeldSample>();

  constructor(components: SampleTableComponents) {
    this.#components = components;
  }

  /** Whether a sample would be taken: of a member, and newer than what is here. */
  isNews(node: NodeId, version: SampleVersion): boolean {
    const held = this.#held.get(node);
    return (held === undefined || isNewer(version, held.version)) && this.#components.isMember(node);
  }

  /** @param sample is news, and genuine */
  put(sample: SignedSample, measuredAtMs: number): void {
    const { node, version, body, signature } = sample;
    const short = this.#held.get(node)?.short ?? shortIdOf(node);
    this.#held.delete(node);
    this.#held.set(node, { node, version, body, signature, short, measuredAtMs });
    if (this.#held.size <= MAX_NODES) return;
    const [silent] = this.#held.keys();
    if (silent !== undefined) this.#held.delete(silent);
  }

  get(node: NodeId): HeldSample | undefined {
    return this.#held.get(node);
  }

  forget(node: NodeId): void {
    this.#held.delete(node);
  }

  clear(): void {
    this.#held.clear();
  }

  /** All of them, what came last at the end. */
  all(): HeldSample[] {
    const { isMember } = this.#components;
    // Whoever is no member any more is dropped on the way.
    for (const node of this.#held.keys()) if (!isMember(node)) this.#held.delete(node);
    return [...this.#held.values()];
  }

  /** @param theirs what the other peer has */
  compare(theirs: readonly HeldVersion[]): Difference {
    const held = this.all();
    const there = oldestOf(theirs);
    const here = oldestOf(held);
    const lacks = (known: ReadonlyMap<ShortId, SampleVersion>, short: ShortId, version: SampleVersion) => {
      const old = known.get(short);
      return old === undefined || isNewer(version, old);
    };
    const newer = held.filter(({ short, version }) => lacks(there, short, version)).toReversed();
    const wanted = theirs
      .filter(({ short, version }) => lacks(here, short, version))
      .map(({ short }) => short);
    return { newer, wanted: [...new Set(wanted)] };
  }

  /** @returns those of the nodes that are known here */
  of(shorts: Iterable<ShortId>): HeldSample[] {
    const chosen = new Set(shorts);
    return this.all()
      .filter(({ short }) => chosen.has(short))
      .toReversed();
  }
}

/** Of nodes that have the same short id the older version, so that neither misses anything. */
function oldestOf(versions: readonly HeldVersion[]): Map<ShortId, SampleVersion> {
  const oldest = new Map<ShortId, SampleVersion>();
  for (const { short, version } of versions) {
    const other = oldest.get(short);
    if (other === undefined || isNewer(other, version)) oldest.set(short, version);
  }
  return oldest;
}
