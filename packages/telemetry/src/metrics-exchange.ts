import type { Gossip, GossipMessage } from "@pi-controller/mesh";
import {
  type Clock,
  Emitter,
  jitter,
  type Logger,
  LogLimiter,
  type Random,
  RateLimiter,
  type Service,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type MetricsSample, type NodeId } from "@pi-controller/schema";
import { MAX_NODES, MIN_INTERVAL_MS, publishIntervalMs, staleAfterMs } from "./metrics-budget.ts";
import { decodeMetrics, encodeMetrics, MAX_SAMPLES, packSample } from "./metrics-codec.ts";
import { digest } from "./metrics-digest.ts";
import { type HeardSample, MetricsHistory } from "./metrics-history.ts";

export interface MetricsExchangeComponents {
  readonly gossip: Gossip;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly random: Random;
  readonly logger: Logger;
  /** How many peers the mesh has, this one included. */
  readonly memberCount: () => number;
}

export interface MetricsExchangeOptions {
  readonly self: NodeId;
}

/** A node whose last sample has changed. */
export interface MetricsUpdate extends HeardSample {
  readonly node: NodeId;
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
  readonly #updates: Emitter<MetricsUpdate>;
  readonly #limiter: LogLimiter;
  #unsent: MetricsSample[] = [];
  /** When the next message is due; undefined before the first one. */
  #dueMs: number | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: MetricsExchangeComponents, options: MetricsExchangeOptions) {
    this.#components = components;
    this.#self = options.self;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#senders = new RateLimiter(SENDER_LIMIT);
    this.#updates = new Emitter((error) =>
      components.logger.error({ error }, "A listener for metrics has failed."),
    );
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= this.#components.gossip.subscribe(METRICS_TOPIC, (message) =>
      this.#receive(message),
    );
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#unsent = [];
    this.#dueMs = undefined;
  }

  /** Takes a sample of this machine: remembers it at once, and tells the mesh when it is time to. */
  record(sample: MetricsSample): void {
    const nowMs = this.#components.clock.monotonic();
    this.#remember(this.#self, [packSample(sample)], nowMs);
    if (this.#unsubscribe === undefined) return;
    this.#unsent.push(sample);
    this.#unsent.splice(0, this.#unsent.length - MAX_UNSENT);
    if (this.#dueMs === undefined || nowMs >= this.#dueMs - EARLY_MS) this.#publish(nowMs);
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

  observe(listener: (update: MetricsUpdate) => void): Unsubscribe {
    return this.#updates.on(listener);
  }

  /** Drops what is remembered of a node, as when it was removed from the mesh. */
  forget(node: NodeId): void {
    this.#history.forget(node);
  }

  #publish(nowMs: number): void {
    const { gossip, random, memberCount, logger } = this.#components;
    const intervalMs = publishIntervalMs(memberCount());
    // After the first message the others' times are spread evenly, however many peers started together.
    const first = this.#dueMs === undefined;
    this.#dueMs = nowMs + (first ? intervalMs * random.next() : jitter(random, intervalMs, JITTER_FRACTION));
    const batch = intervalMs > MIN_INTERVAL_MS ? [digest(this.#unsent)] : this.#unsent.slice(-MAX_SAMPLES);
    this.#unsent = [];
    const payload = encodeMetrics(
      batch.flatMap((sample) => (sample === undefined ? [] : [packSample(sample)])),
    );
    gossip.publish(METRICS_TOPIC, payload).catch((error: unknown) => {
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
      this.#remember(from, decodeMetrics(payload), clock.monotonic());
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#limiter.limit("garbage", (suppressed) =>
        logger.warn({ from, reason: error.message, suppressed }, "Skipped metrics of a peer."),
      );
    }
  }

  #remember(node: NodeId, packed: Parameters<MetricsHistory["add"]>[1], nowMs: number): void {
    this.#history.add(node, packed, nowMs);
    const last = this.#history.last(node);
    if (last !== undefined) this.#updates.emit({ node, ...last });
  }
}
