import { type Clock, type Logger, LogLimiter, type Timer } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { MAX_NODES } from "./metrics-budget.ts";
import { decodeSample, type PackedSample } from "./metrics-codec.ts";
import type { CarriedSample } from "./sample-messages.ts";
import type { SampleSigner } from "./sample-signer.ts";
import type { SampleTable } from "./sample-table.ts";
import { isGenuine, isNewer, type SampleVersion } from "./signed-sample.ts";

export interface SampleIntakeComponents {
  readonly table: SampleTable;
  readonly signer: SampleSigner;
  readonly clock: Pick<Clock, "monotonic" | "setTimer">;
  readonly logger: Logger;
  /** Called with each sample that was taken. `measuredAtMs` is on the monotonic clock. */
  readonly onTaken: (node: NodeId, sample: PackedSample, measuredAtMs: number) => void;
  /** The newest version that this node has made, as far as it knows. */
  readonly ownVersion: () => SampleVersion;
  /** Called when this node has signed a newer one than it knows of, in a life that it lost. */
  readonly onOwn: (version: SampleVersion) => void;
}

interface Waiting {
  readonly from: NodeId;
  readonly sample: CarriedSample;
  readonly measuredAtMs: number;
}

/** 200 a second at most: who joins a large mesh verifies for some seconds, at a fifth of a Pi Zero's core. */
const BATCH = 10;
const PAUSE_MS = 50;
const MAX_WAITING = 2 * MAX_NODES;
/** Nothing is taken from a peer for so long after it passed on what was never signed. */
const DISTRUST_MS = 60_000;
const MAX_DISTRUSTED = 256;
const LOG_PERIOD_MS = 60_000;

/** Judges samples that came through the hands of others: each signature once, a few at a time. */
export class SampleIntake {
  readonly #components: SampleIntakeComponents;
  readonly #self: NodeId;
  readonly #limiter: LogLimiter;
  /** Until when. */
  readonly #distrusted = new Map<NodeId, number>();
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;

  constructor(components: SampleIntakeComponents, options: { readonly self: NodeId }) {
    this.#components = components;
    this.#self = options.self;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
  }

  /**
   * Takes what is new of it, now or soon. What there is no room for is left out: it is offered again.
   *
   * @param from who passed them on
   * @param askedAtMs when they were asked for, on the monotonic clock. Ages count from then: an answer that was long
   *   under way is not younger for it
   */
  add(from: NodeId, samples: readonly CarriedSample[], askedAtMs: number): void {
    const room = MAX_WAITING - this.#waiting.length;
    for (const sample of samples.slice(0, Math.max(room, 0))) {
      this.#waiting.push({ from, sample, measuredAtMs: askedAtMs - sample.ageMs });
    }
    if (this.#timer === undefined) this.#work();
  }

  /** Whether this peer has lately passed on something that is not genuine. */
  distrusts(peer: NodeId): boolean {
    const untilMs = this.#distrusted.get(peer);
    return untilMs !== undefined && this.#components.clock.monotonic() < untilMs;
  }

  /** Takes nothing from a peer for a while. @param reason for the log */
  distrust(peer: NodeId, reason: string): void {
    const { clock, logger } = this.#components;
    this.#distrusted.delete(peer);
    this.#distrusted.set(peer, clock.monotonic() + DISTRUST_MS);
    const [oldest] = this.#distrusted.keys();
    if (this.#distrusted.size > MAX_DISTRUSTED && oldest !== undefined) this.#distrusted.delete(oldest);
    this.#limiter.limit("distrust", (suppressed) =>
      logger.warn({ from: peer, reason, suppressed }, "Metrics that a peer passed on are none; skipped."),
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting = [];
  }

  #work(): void {
    this.#timer = undefined;
    let judged = 0;
    let next = 0;
    for (; next < this.#waiting.length && judged < BATCH; next++) {
      if (this.#judge(this.#waiting[next] as Waiting)) judged++;
    }
    this.#waiting.splice(0, next);
    if (this.#waiting.length === 0) return;
    this.#timer = this.#components.clock.setTimer(() => this.#work(), PAUSE_MS);
  }

  /** @returns whether it cost anything */
  #judge({ from, sample, measuredAtMs }: Waiting): boolean {
    const { onOwn, onTaken, ownVersion, signer, table } = this.#components;
    const { node, version } = sample;
    const isOwn = node === this.#self;
    const isNews = isOwn ? isNewer(version, ownVersion()) : table.isNews(node, version);
    if (!isNews || this.distrusts(from)) return false;
    try {
      const packed = decodeSample(sample.body);
      if (!isGenuine(signer, sample)) this.distrust(from, "a signature is wrong");
      else if (isOwn) onOwn(version);
      else {
        table.put(sample, measuredAtMs);
        onTaken(node, packed, measuredAtMs);
      }
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      // Whoever passes it on has judged it before, or should have.
      this.distrust(from, error.message);
    }
    return true;
  }
}
