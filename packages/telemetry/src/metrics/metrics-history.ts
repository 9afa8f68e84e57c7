import type { MetricsSample, NodeId } from "@pi-controller/schema";
import { MAX_NODES, pointsPerNode } from "./metrics-budget.ts";
import { type PackedSample, unpackSample } from "./metrics-codec.ts";

/** A sample with the moment it was heard. */
export interface HeardSample {
  readonly sample: MetricsSample;
  /**
   * When this peer heard it, on this peer's monotonic clock: what its age is counted from, as the clock of
   * the node that measured may be wrong. For samples that came in one message, spread as they were measured.
   */
  readonly receivedAtMs: number;
}

interface Point {
  readonly packed: PackedSample;
  readonly receivedAtMs: number;
}

/** The last samples of every node, bounded in all: see `metrics-budget.ts`. */
export class MetricsHistory {
  /** In the order in which nodes were last heard, the longest silent first. */
  readonly #points = new Map<NodeId, Point[]>();
  /** Points that each node may have. */
  #share = Number.POSITIVE_INFINITY;

  /**
   * Adds samples of one message.
   *
   * @param samples oldest first
   */
  add(node: NodeId, samples: readonly PackedSample[], receivedAtMs: number): void {
    const points = this.#points.get(node) ?? [];
    const newestTimeMs = samples.at(-1)?.[0] ?? 0;
    const earliestMs = points.at(-1)?.receivedAtMs ?? Number.NEGATIVE_INFINITY;
    for (const packed of samples) {
      // Both times are of one clock, so their difference holds whatever it shows; a jump in between does not count.
      const spreadMs = Math.max(newestTimeMs - packed[0], 0);
      points.push({
        packed,
        receivedAtMs: Math.min(Math.max(receivedAtMs - spreadMs, earliestMs), receivedAtMs),
      });
    }
    this.#points.delete(node);
    this.#points.set(node, points);
    if (this.#points.size > MAX_NODES) {
      const silent = this.#points.keys().next();
      if (!silent.done) this.#points.delete(silent.value);
    }
    // A node more leaves less room for each, also for those that are silent.
    const share = pointsPerNode(this.#points.size);
    const hasShrunk = share < this.#share;
    this.#share = share;
    for (const list of hasShrunk ? this.#points.values() : [points]) {
      const tooMany = list.length - share;
      if (tooMany > 0) list.splice(0, tooMany);
    }
  }

  last(node: NodeId): HeardSample | undefined {
    const point = this.#points.get(node)?.at(-1);
    return point && heard(point);
  }

  /**
   * @param afterMs only what was heard after this moment of the monotonic clock
   * @param limit at most this many, the newest ones
   * @returns oldest first
   */
  list(node: NodeId, afterMs: number, limit: number): HeardSample[] {
    const points = (this.#points.get(node) ?? []).filter(({ receivedAtMs }) => receivedAtMs > afterMs);
    return points.slice(Math.max(points.length - limit, 0)).map(heard);
  }

  forget(node: NodeId): void {
    this.#points.delete(node);
  }
}

function heard({ packed, receivedAtMs }: Point): HeardSample {
  return { sample: unpackSample(packed), receivedAtMs };
}
