import { jitter, type Random } from "./random.ts";

export interface BackoffOptions {
  /** Wait after the first failure. */
  readonly initialMs: number;
  /** The wait never grows beyond this. */
  readonly maximumMs: number;
  /** By how much of itself the wait varies at random, 0 to 1. */
  readonly jitterFraction: number;
}

/**
 * How long to wait before the next attempt: doubles with every failure up to the maximum, with jitter.
 *
 * @param failures how many attempts have failed in a row, at least 1
 * @returns ms
 */
export function backoffMs(failures: number, options: BackoffOptions, random: Random): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 30);
  const waitMs = Math.min(options.initialMs * 2 ** exponent, options.maximumMs);
  return jitter(random, waitMs, options.jitterFraction);
}
