/** Lifeguard's S in "Local Health Multiplier", section IV-A of the paper (arXiv 1707.00788): 8. */
const MAXIMUM = 8;

/**
 * How much this peer should doubt itself: 0 is healthy. Probes that fail although helpers are silent too, and
 * times when this process did not run, raise it; probes that succeed lower it.
 */
export class LocalHealth {
  #score = 0;

  /** 0 (healthy) to 8. */
  get score(): number {
    return this.#score;
  }

  /** Timeouts and the probe interval are multiplied by this. */
  get multiplier(): number {
    return 1 + this.#score;
  }

  adjust(by: number): void {
    this.#score = Math.min(Math.max(this.#score + by, 0), MAXIMUM);
  }
}
