import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** How much of a budget is left, and as of when. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface BucketOptions {
  /** Most that can be saved up, and what a new bucket holds. */
  readonly capacity: number;
  readonly tokensPerSecond: number;
}

/**
 * Takes one token.
 *
 * @param bucket undefined for a new one
 * @param nowMs monotonic time
 * @returns the bucket from now on, and whether there was a token
 */
export function takeToken(
  bucket: Bucket | undefined,
  nowMs: number,
  { capacity, tokensPerSecond }: BucketOptions,
): { readonly bucket: Bucket; readonly taken: boolean } {
  const refill = bucket === undefined ? capacity : ((nowMs - bucket.atMs) / 1_000) * tokensPerSecond;
  const tokens = Math.min((bucket?.tokens ?? 0) + refill, capacity);
  return { bucket: { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs }, taken: tokens >= 1 };
}

/** A bucket for each sender. The senders silent for longest are forgotten beyond `maxSenders`. */
export class SenderLimits {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #options: BucketOptions & { readonly maxSenders: number };
  readonly #buckets = new Map<NodeId, Bucket>();

  constructor(clock: Pick<Clock, "monotonic">, options: BucketOptions & { readonly maxSenders: number }) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Takes a token of this sender; false when it has sent too much. */
  allow(sender: NodeId): boolean {
    const { bucket, taken } = takeToken(this.#buckets.get(sender), this.#clock.monotonic(), this.#options);
    this.#buckets.delete(sender);
    this.#buckets.set(sender, bucket);
    const silent = this.#buckets.keys().next();
    if (this.#buckets.size > this.#options.maxSenders && !silent.done) this.#buckets.delete(silent.value);
    return taken;
  }
}
