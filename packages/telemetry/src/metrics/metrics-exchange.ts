import type { Gossip, GossipMessage, Network } from "@pi-controller/mesh";
import {
  type Clock,
  jitter,
  type Logger,
  LogLimiter,
  type Random,
  RateLimiter,
  type Service,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type MetricsSample, type NodeId } from "@pi-controller/schema";
import {
  MAX_NODES,
  MIN_INTERVAL_MS,
  publishIntervalMs,
  spreadsByExchange,
  staleAfterMs,
} from "./metrics-budget.ts";
import { decodeMetrics, encodeMetrics, MAX_SAMPLES, packSample } from "./metrics-codec.ts";
import { digest } from "./metrics-digest.ts";
import { type HeardSample, MetricsHistory } from "./metrics-history.ts";
import type { SampleSigner } from "./sample-signer.ts";
import { SampleSpread } from "./sample-spread.ts";

export interface MetricsExchangeComponents {
  /** To all others, for a mesh of up to 32. */
  readonly gossip: Gossip;
  /** To one connected peer, for a larger one. */
  readonly network: Pick<Network, "self" | "request" | "handle" | "status">;
  readonly signer: SampleSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How many peers the mesh has, this one included. */
  readonly memberCount: () => number;
  /** Whether a node belongs to the mesh: what others pass on is taken of members alone. */
  readonly isMember: (node: NodeId) => boolean;
}

export interface MetricsExchangeOptions {
  /** Grows with every start of this peer. */
  readonly bootEpoch: number;
}

export const METRICS_TOPIC = "metrics";
const JITTER_FRACTION = 0.1;
/** Samples do not come to the millisecond: one that is this little early is sent rather than held. */
const EARLY_MS = MIN_INTERVAL_MS / 4;
/** More than a peer measures between two messages in the largest mesh. */
const MAX_UNSENT = 300;
/** A sender that is faster than this is broken or hostile. A burst is what a stall of ours lets pile up. */
const SENDER_LIMIT = { burst: 10, perSecond: 1, maxSenders: MAX_NODES };
const LOG_PERIOD_MS = 60_000;

/** Tells the mesh what this machine measures, and remembers what all others told. */
export class MetricsExchange implements Service {
  readonly name = "metrics";
  readonly #components: MetricsExchangeComponents;
  readonly #self: NodeId;
  readonly #history = new MetricsHistory();
  readonly #senders: RateLimiter;
  readonly #limiter: LogLimiter;
  readonly #spread: SampleSpread;
  #unsent: MetricsSample[] = [];
  /** When this node told of itself last, and after how many intervals it does so next; undefined before the first time. */
  #told: { readonly atMs: number; readonly intervals: number } | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: MetricsExchangeComponents, options: MetricsExchangeOptions) {
    this.#components = components;
    this.#self = components.network.self;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#senders = new RateLimiter(SENDER_LIMIT);
    this.#spread = new SampleSpread(
      {
        ...components,
        onTaken: (node, sample, measuredAtMs) => this.#history.add(node, [sample], measuredAtMs),
      },
      options,
    );
  }

  async start(): Promise<void> {
    if (this.#unsubscribe !== undefined) return;
    this.#unsubscribe = this.#components.gossip.subscribe(METRICS_TOPIC, (message) => this.#receive(message));
    this.#spread.start();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#spread.stop();
    this.#unsent = [];
    this.#told = undefined;
  }

  /** Takes a sample of this machine: remembers it at once, and tells the mesh when it is time to. */
  record(sample: MetricsSample): void {
    const nowMs = this.#components.clock.monotonic();
    this.#history.add(this.#self, [packSample(sample)], nowMs);
    if (this.#unsubscribe === undefined) return;
    this.#unsent.push(sample);
    this.#unsent.splice(0, this.#unsent.length - MAX_UNSENT);
    if (this.#isDue(nowMs)) this.#publish(nowMs);
  }

  /** The last sample of a node; undefined when nothing was ever heard. */
  last(node: NodeId): HeardSample | undefined {
    return this.#history.last(node);
  }

  /**
   * What is remembered of a node, oldest first.
   *
   * @param query `sinceMs`: only what was heard after this moment, by this peer's wall clock in ms since
   *   1970, whatever the node's own clock shows; `limit`: the newest so many
   */
  history(
    node: NodeId,
    query: { readonly sinceMs?: number | undefined; readonly limit: number },
  ): HeardSample[] {
    const { clock } = this.#components;
    const ageMs = query.sinceMs === undefined ? Number.POSITIVE_INFINITY : clock.now() - query.sinceMs;
    return this.#history.list(node, clock.monotonic() - ageMs, query.limit);
  }

  /** Age from which a value no longer stands for now, in a mesh of the present size, in ms. */
  staleAfterMs(): number {
    return staleAfterMs(this.#components.memberCount());
  }

  /** Drops what is remembered of a node, as when it was removed from the mesh. */
  forget(node: NodeId): void {
    this.#history.forget(node);
    this.#spread.forget(node);
  }

  #isDue(nowMs: number): boolean {
    if (this.#told === undefined) return true;
    const { atMs, intervals } = this.#told;
    return nowMs >= atMs + intervals * publishIntervalMs(this.#components.memberCount()) - EARLY_MS;
  }

  #publish(nowMs: number): void {
    const { random, memberCount } = this.#components;
    // After the first time the others' times are spread evenly, however many peers started together.
    const intervals = this.#told === undefined ? random.next() : jitter(random, 1, JITTER_FRACTION);
    this.#told = { atMs: nowMs, intervals };
    const samples = this.#unsent;
    this.#unsent = [];
    if (!spreadsByExchange(memberCount())) {
      // Those of a time when the mesh was larger: when it grows again, they would be passed on in place of newer ones.
      this.#spread.clear();
      return this.#send(samples.slice(-MAX_SAMPLES));
    }
    const sample = digest(samples);
    if (sample !== undefined) this.#spread.share(sample);
  }

  #send(samples: readonly MetricsSample[]): void {
    const { gossip, logger } = this.#components;
    gossip.publish(METRICS_TOPIC, encodeMetrics(samples.map(packSample))).catch((error: unknown) => {
      this.#limiter.limit("publish", (suppressed) =>
        logger.warn({ error, suppressed }, "Metrics were not sent; the next ones will be."),
      );
    });
  }

  #receive({ from, payload }: GossipMessage): void {
    if (from === this.#self) return;
    const { clock, logger } = this.#components;
    if (this.#senders.take(from, clock.monotonic()) > 0) {
      this.#limiter.limit("flood", (suppressed) =>
        logger.warn({ from, suppressed }, "A peer sends more metrics than it should; skipped."),
      );
      return;
    }
    try {
      this.#history.add(from, decodeMetrics(payload), clock.monotonic());
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#limiter.limit("garbage", (suppressed) =>
        logger.warn({ from, reason: error.message, suppressed }, "Skipped metrics of a peer."),
      );
    }
  }
}
