import type { IncomingRequest, Network } from "@pi-controller/mesh";
import {
  type Clock,
  jitter,
  type Logger,
  pick,
  type Random,
  RateLimiter,
  repeat,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { MeshError, type MetricsSample, type NodeId } from "@pi-controller/schema";
import { exchangeIntervalMs, MAX_NODES, MIN_INTERVAL_MS, spreadsByExchange } from "./metrics-budget.ts";
import { encodeSample, type PackedSample } from "./metrics-codec.ts";
import { SampleIntake } from "./sample-intake.ts";
import {
  type CarriedSample,
  decodeAnswer,
  decodeComparison,
  decodeGift,
  encodeAnswer,
  encodeComparison,
  encodeGift,
} from "./sample-messages.ts";
import type { SampleSigner } from "./sample-signer.ts";
import { type HeldSample, SampleTable } from "./sample-table.ts";
import { type SampleVersion, signSample, VERSION_LIMIT } from "./signed-sample.ts";

export interface SampleSpreadComponents {
  readonly network: Pick<Network, "self" | "request" | "handle" | "status">;
  readonly signer: SampleSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How many peers the mesh has, this one included. */
  readonly memberCount: () => number;
  /** Whether a node belongs to the mesh. */
  readonly isMember: (node: NodeId) => boolean;
  /** Called with each sample of another node that was taken. `measuredAtMs` is on the monotonic clock. */
  readonly onTaken: (node: NodeId, sample: PackedSample, measuredAtMs: number) => void;
}

export interface SampleSpreadOptions {
  /** Grows with every start of this peer. */
  readonly bootEpoch: number;
}

export const EXCHANGE_METHOD = "metrics.exchange";
export const GIFT_METHOD = "metrics.give";
const TIMEOUT_MS = 5_000;
/** Two requests of a peer that takes its time. */
const GIFT_WITHIN_MS = 2 * TIMEOUT_MS;
const JITTER_FRACTION = 0.25;
/** Peers whose gifts are waited for: more than are connected. */
const MAX_GIVERS = 256;
/** A peer with no other connection asks every 2 s at most. */
const ASKING_LIMIT = { burst: 10, perSecond: 1, maxSenders: MAX_NODES };
/** Samples that a peer is given: all of them when it joins, and twice what there is to tell after that. */
const GIVING_LIMIT = { burst: MAX_NODES, perSecond: 30, maxSenders: MAX_NODES };
/** And all peers together: when many have started at once some wait for the next exchange. */
const GIVING_LIMIT_IN_ALL = { burst: 4 * MAX_NODES, perSecond: 120, maxSenders: 1 };

/**
 * Spreads samples in a mesh of more than 32 peers. Each peer asks one that it is connected to, again and again: it says
 * which sample of each node it has, gets those that are newer there, and gives those that are newer here. Nothing comes
 * that was not asked for.
 */
export class SampleSpread {
  readonly #components: SampleSpreadComponents;
  readonly #table: SampleTable;
  readonly #intake: SampleIntake;
  readonly #asking = new RateLimiter(ASKING_LIMIT);
  readonly #giving = new RateLimiter(GIVING_LIMIT);
  readonly #givingInAll = new RateLimiter(GIVING_LIMIT_IN_ALL);
  /** When peers that have not given yet were asked to, on the monotonic clock. */
  readonly #wantedAtMs = new Map<NodeId, number>();
  #version: SampleVersion;
  #hasExchanged = false;
  #stops: Unsubscribe[] = [];
  #timer: Timer | undefined;
  /** Exists while started. */
  #running: AbortController | undefined;

  constructor(components: SampleSpreadComponents, options: SampleSpreadOptions) {
    this.#components = components;
    this.#version = { bootEpoch: options.bootEpoch, sequence: 0 };
    this.#table = new SampleTable(components);
    this.#intake = new SampleIntake(
      {
        ...components,
        table: this.#table,
        ownVersion: () => this.#version,
        onOwn: (version) => this.#outdo(version),
      },
      { self: components.network.self },
    );
  }

  start(): void {
    const { clock, logger, network } = this.#components;
    this.#running = new AbortController();
    this.#stops = [
      network.handle(EXCHANGE_METHOD, async (request) => this.#onAsked(request)),
      network.handle(GIFT_METHOD, async (request) => this.#onGift(request)),
    ];
    this.#timer = repeat(
      clock,
      () => this.#waitMs(),
      () => this.#exchange(),
      (error) => logger.error({ error }, "An exchange of metrics has failed."),
    );
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#timer?.cancel();
    for (const stop of this.#stops.splice(0)) stop();
    this.#intake.stop();
    this.#wantedAtMs.clear();
    this.#hasExchanged = false;
  }

  /** Lets the mesh have a sample of this node, in place of the one before. */
  share(sample: MetricsSample): void {
    this.#sign(encodeSample(sample), this.#components.clock.monotonic());
  }

  forget(node: NodeId): void {
    this.#table.forget(node);
  }

  /** Has nothing to pass on any more. */
  clear(): void {
    this.#table.clear();
  }

  /** Goes on after a version of this node that others have: its counter of starts was set back, with its disk. */
  #outdo(version: SampleVersion): void {
    this.#version = version;
    const own = this.#table.get(this.#components.network.self);
    if (own !== undefined) this.#sign(own.body, own.measuredAtMs);
  }

  #sign(body: Uint8Array, measuredAtMs: number): void {
    const { network, signer } = this.#components;
    const { bootEpoch, sequence } = this.#version;
    // At the end of all numbers, where only this node's own key can have led it, there is nothing newer to say.
    if (sequence + 1 >= VERSION_LIMIT) return;
    this.#version = { bootEpoch, sequence: sequence + 1 };
    this.#table.put(signSample(signer, network.self, this.#version, body), measuredAtMs);
  }

  #waitMs(): number {
    const { memberCount, random } = this.#components;
    const members = memberCount();
    if (!spreadsByExchange(members)) return MIN_INTERVAL_MS;
    // Who has just started asks as soon as somebody is connected.
    const intervalMs = this.#hasExchanged ? exchangeIntervalMs(members) : MIN_INTERVAL_MS;
    return jitter(random, intervalMs, JITTER_FRACTION);
  }

  async #exchange(): Promise<void> {
    const { clock, memberCount, network } = this.#components;
    const partner = spreadsByExchange(memberCount()) ? this.#partner() : undefined;
    const signal = this.#running?.signal;
    if (partner === undefined || signal === undefined) return;
    const options = { timeoutMs: TIMEOUT_MS, signal };
    const askedAtMs = clock.monotonic();
    const question = encodeComparison(this.#table.all());
    const payload = await unlessItFails(network.request(partner, EXCHANGE_METHOD, question, options));
    if (payload === undefined || signal.aborted) return;
    const { samples, wanted } = this.#read(partner, () => decodeAnswer(payload)) ?? {
      samples: [],
      wanted: [],
    };
    this.#hasExchanged = true;
    const gift = this.#carried(partner, this.#table.of(wanted));
    this.#intake.add(partner, samples, askedAtMs);
    if (gift.length > 0) {
      await unlessItFails(network.request(partner, GIFT_METHOD, encodeGift(gift), options));
    }
  }

  #partner(): NodeId | undefined {
    const { isMember, network, random } = this.#components;
    const connected = new Set(network.status().connections.map(({ peer }) => peer));
    return pick(
      random,
      [...connected].filter((peer) => isMember(peer) && !this.#intake.distrusts(peer)),
    );
  }

  #onAsked({ from, payload }: IncomingRequest): Uint8Array {
    const nowMs = this.#components.clock.monotonic();
    if (this.#intake.distrusts(from) || this.#asking.take(from, nowMs) > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "This peer does not compare metrics so often");
    }
    const { newer, wanted } = this.#table.compare(decodeComparison(payload));
    this.#wantedAtMs.delete(from);
    if (wanted.length > 0) this.#wantedAtMs.set(from, nowMs);
    const [oldest] = this.#wantedAtMs.keys();
    if (this.#wantedAtMs.size > MAX_GIVERS && oldest !== undefined) this.#wantedAtMs.delete(oldest);
    return encodeAnswer({ wanted, samples: this.#carried(from, newer) });
  }

  #onGift({ from, payload }: IncomingRequest): Uint8Array {
    const nowMs = this.#components.clock.monotonic();
    const wantedAtMs = this.#wantedAtMs.get(from);
    this.#wantedAtMs.delete(from);
    if (wantedAtMs === undefined || nowMs - wantedAtMs > GIFT_WITHIN_MS) {
      throw new MeshError("FAILED_PRECONDITION", "This peer has not asked for metrics");
    }
    const samples = this.#read(from, () => decodeGift(payload)) ?? [];
    this.#intake.add(from, samples, wantedAtMs);
    return new Uint8Array();
  }

  /** @returns undefined for what is malformed, after which nothing is taken from that peer for a while */
  #read<T>(from: NodeId, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#intake.distrust(from, error.message);
      return undefined;
    }
  }

  /** As many as this peer may be given now. */
  #carried(to: NodeId, samples: readonly HeldSample[]): CarriedSample[] {
    const nowMs = this.#components.clock.monotonic();
    const refused = samples.findIndex(
      () => this.#giving.take(to, nowMs) > 0 || this.#givingInAll.take("all", nowMs) > 0,
    );
    const given = refused === -1 ? samples : samples.slice(0, refused);
    return given.map((sample) => ({ ...sample, ageMs: nowMs - sample.measuredAtMs }));
  }
}

/** @returns undefined when the other peer did not answer, or not to that: the next exchange is with another one */
async function unlessItFails(answer: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MeshError) return undefined;
    throw error;
  }
}
