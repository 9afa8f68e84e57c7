/**
 * Smoothed round-trip time and its variation over all probes, as TCP estimates them (RFC 6298, section 2).
 * It contains the network's delay, but also how long it takes busy machines to get round to answering.
 */
export class RoundTrip {
  #smoothedMs: number | undefined;
  #variationMs = 0;

  /** @param sampleMs round trip of a probe that was answered in time; late answers say nothing of the path */
  add(sampleMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = sampleMs;
      this.#variationMs = sampleMs / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.#smoothedMs - sampleMs) - this.#variationMs) / 4;
    this.#smoothedMs += (sampleMs - this.#smoothedMs) / 8;
  }

  /** 0 before the first sample. */
  get smoothedMs(): number {
    return this.#smoothedMs ?? 0;
  }

  /** Hardly an answer takes longer than this. */
  get boundMs(): number {
    return this.smoothedMs + 4 * this.#variationMs;
  }
}
