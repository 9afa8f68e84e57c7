export interface RateLimiterOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Who was quiet for longest is forgotten when there are more. */
  readonly maxSenders: number;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A token bucket for each sender, whatever names one, in bounded memory. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  /** In the order of use, longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  /**
   * Takes one token.
   *
   * @param nowMs monotonic
   * @returns 0 when there was one, else after how many ms there will be
   */
  take(sender: string, nowMs: number): number {
    const { perSecond, burst, maxSenders } = this.#options;
    const bucket = this.#buckets.get(sender) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
    const granted = tokens >= 1;
    this.#buckets.delete(sender);
    this.#buckets.set(sender, { tokens: granted ? tokens - 1 : tokens, atMs: nowMs });
    if (this.#buckets.size > maxSenders) {
      for (const quietest of this.#buckets.keys()) {
        this.#buckets.delete(quietest);
        break;
      }
    }
    return granted ? 0 : ((1 - tokens) / perSecond) * 1_000;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
