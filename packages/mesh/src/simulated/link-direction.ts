import type { Random } from "@pi-controller/runtime";

/** How well messages get from one machine to another. */
export interface LinkConditions {
  /** One way. */
  readonly latencyMs: number;
  /** The latency varies by at most this much up and down. */
  readonly latencySpreadMs: number;
  /**
   * Share of requests, answers and copies of gossip that never arrive, 0 to 1. TCP loses nothing: a lost request
   * stands for one whose stream broke. Connecting and closing are repeated by TCP and do arrive.
   */
  readonly lossFraction: number;
  /** Share of requests and copies of gossip that arrive twice, 0 to 1. */
  readonly duplicateFraction: number;
  /** Share of requests, answers and copies of gossip that others may overtake, 0 to 1. */
  readonly reorderFraction: number;
  /** How much later those arrive at most. */
  readonly reorderDelayMs: number;
  /** What the link carries; what is too much for it waits. */
  readonly bytesPerSecond: number;
  /** With so much waiting for the link, what can be lost is; what can't waits as well. */
  readonly queueLimitBytes: number;
}

export const PERFECT_LINK: LinkConditions = {
  latencyMs: 1,
  latencySpreadMs: 0,
  lossFraction: 0,
  duplicateFraction: 0,
  reorderFraction: 0,
  reorderDelayMs: 20,
  bytesPerSecond: Infinity,
  // As much as the libp2p adapter lets wait on one stream.
  queueLimitBytes: 40 * 1024 * 1024,
};

/** Larger payloads go in frames of this size, in turns with what is small, as in the libp2p adapter. */
const FRAME_BYTES = 32 * 1024;

/** One way between two machines: whether it is open, and what is under way on it. */
export class LinkDirection {
  conditions: LinkConditions = PERFECT_LINK;
  /** Of the conditions above; see `SimulatedLinks`. */
  conditionsVersion = 0;
  /** What TCP repeats while nothing gets through, and goes on when the link is whole again. */
  readonly held: { readonly sinceMs: number; readonly send: () => void }[] = [];
  #cuts = 0;
  /** Counts how often all cuts were taken back at once: what cut it before has no say any more. */
  #healed = 0;
  #cutSinceMs = 0;
  #lastArrivalMs = 0;
  #freeMs = 0;
  #bulkFreeMs = 0;

  get open(): boolean {
    return this.#cuts === 0;
  }

  /** Monotonic ms at which the first of the present cuts was made. */
  get cutSinceMs(): number {
    return this.#cutSinceMs;
  }

  /** @returns takes this very cut back */
  cut(nowMs: number): () => void {
    if (this.#cuts === 0) this.#cutSinceMs = nowMs;
    this.#cuts++;
    const healed = this.#healed;
    let isMine = true;
    return () => {
      if (!isMine || healed !== this.#healed) return;
      isMine = false;
      this.#cuts--;
      if (this.open) this.#release();
    };
  }

  /** Takes back all cuts. */
  heal(): void {
    if (this.open) return;
    this.#healed++;
    this.#cuts = 0;
    this.#release();
  }

  /** False when it was only cut: there is nothing to remember of it once that is over. */
  get used(): boolean {
    return this.conditionsVersion > 0;
  }

  /**
   * When a message that is sent now arrives; undefined when it never does. To be called once a message.
   *
   * @param lossy false for what TCP repeats until it arrives
   * @param ordered whether it goes over one stream with others, which it doesn't overtake unless told to
   */
  arrivalMs(
    random: Random,
    nowMs: number,
    bytes: number,
    lossy: boolean,
    ordered: boolean,
  ): number | undefined {
    const { lossFraction, bytesPerSecond, latencyMs, latencySpreadMs, reorderFraction, reorderDelayMs } =
      this.conditions;
    if (lossy && happens(random, lossFraction)) return undefined;
    const isBulk = bytes > FRAME_BYTES;
    let arrivesMs = nowMs;
    if (bytesPerSecond !== Infinity) {
      const sentMs = this.#sentMs(nowMs, bytes, lossy);
      if (sentMs === undefined) return undefined;
      arrivesMs = sentMs;
    }
    const spreadMs = latencySpreadMs > 0 ? latencySpreadMs * (2 * random.next() - 1) : 0;
    arrivesMs += Math.max(0, latencyMs + spreadMs);
    if (lossy && happens(random, reorderFraction)) return arrivesMs + reorderDelayMs * random.next();
    // What is large holds up nothing that is small.
    if (!ordered || isBulk) return arrivesMs;
    this.#lastArrivalMs = Math.max(arrivesMs, this.#lastArrivalMs);
    return this.#lastArrivalMs;
  }

  duplicates(random: Random): boolean {
    return happens(random, this.conditions.duplicateFraction);
  }

  /** When the last byte has left; undefined when too much waits already. */
  #sentMs(nowMs: number, bytes: number, lossy: boolean): number | undefined {
    const { bytesPerSecond, queueLimitBytes } = this.conditions;
    const msPerByte = 1_000 / bytesPerSecond;
    const durationMs = bytes * msPerByte;
    const waitingBytes = (Math.max(this.#freeMs, this.#bulkFreeMs) - nowMs) / msPerByte;
    if (lossy && waitingBytes > queueLimitBytes) return undefined;
    if (bytes > FRAME_BYTES) {
      this.#bulkFreeMs = Math.max(nowMs, this.#freeMs, this.#bulkFreeMs) + durationMs;
      return this.#bulkFreeMs;
    }
    let startMs = this.#freeMs;
    if (startMs <= nowMs) {
      startMs = nowMs;
      // Behind the frame of something large that is just being sent.
      if (this.#bulkFreeMs > nowMs) startMs += (this.#bulkFreeMs - nowMs) % (FRAME_BYTES * msPerByte);
    }
    this.#freeMs = startMs + durationMs;
    if (this.#bulkFreeMs > nowMs) this.#bulkFreeMs += durationMs;
    return this.#freeMs;
  }

  #release(): void {
    for (const { send } of this.held.splice(0)) send();
  }
}

function happens(random: Random, fraction: number): boolean {
  return fraction > 0 && random.next() < fraction;
}
