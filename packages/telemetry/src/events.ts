import type { Gossip, GossipMessage } from "@pi-controller/mesh";
import {
  type Clock,
  type Logger,
  LogLimiter,
  type Random,
  RateLimiter,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import {
  type EventData,
  type EventType,
  eventTypes,
  type MeshEvent,
  type NodeId,
} from "@pi-controller/schema";
import { decodeEvents, encodeEvents } from "./event-codec.ts";
import type { EventLog } from "./event-log.ts";
import { ulidFactory } from "./ulid.ts";

export interface EventsComponents {
  readonly gossip: Gossip;
  readonly log: Pick<EventLog, "append">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /**
   * Whether any other peer is connected. While none is, events wait to be told, at most a minute, so that
   * `cluster.node.started` is heard although it comes before the first connection. Left out: they never wait.
   */
  readonly hasAudience?: () => boolean;
}

export interface EventsOptions {
  readonly self: NodeId;
}

export interface EventInput<Type extends EventType> {
  /** The node that it is about. */
  readonly node: NodeId;
  readonly data: EventData<Type>;
  /** Of the request that caused it; without one the event stands for itself. */
  readonly correlationId?: string | undefined;
}

export const EVENTS_TOPIC = "events";
/** Events of one moment travel together. Short against the 250 ms in which all peers should have them. */
const BATCH_DELAY_MS = 10;
/** After the first connection, until gossip knows what the other peer wants to hear. */
const AUDIENCE_DELAY_MS = 500;
const AUDIENCE_PATIENCE_MS = 60_000;
const MAX_QUEUE = 1_000;
const LOG_PERIOD_MS = 60_000;
/** Messages of one sender: far above what any peer has to tell. */
const SENDER_LIMIT = { burst: 200, perSecond: 20, maxSenders: 2_000 };

/** Tells the mesh what happened here, and logs what happened anywhere. */
export class Events implements Service {
  readonly name = "events";
  readonly #components: EventsComponents;
  readonly #self: NodeId;
  readonly #nextId: () => string;
  readonly #limiter: LogLimiter;
  readonly #senders: RateLimiter;
  #queue: MeshEvent[] = [];
  #sendTimer: Timer | undefined;
  /** Since when events wait for somebody to hear them. */
  #aloneSinceMs: number | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: EventsComponents, options: EventsOptions) {
    this.#components = components;
    this.#self = options.self;
    this.#nextId = ulidFactory(components);
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#senders = new RateLimiter(SENDER_LIMIT);
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= this.#components.gossip.subscribe(EVENTS_TOPIC, (message) =>
      this.#receive(message),
    );
  }

  /** Tells what is still waiting, as nobody will later. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.flush();
  }

  /** Tells the mesh now what is waiting; resolves once it was handed to the network. */
  async flush(): Promise<void> {
    this.#sendTimer?.cancel();
    this.#sendTimer = undefined;
    await this.#send();
  }

  /**
   * Records that something happened. An event of a type that is `observed` stays in this peer's log, any
   * other is told to the mesh as well, within moments and without a promise that all hear it.
   *
   * @returns the event
   * @throws MeshError UNAVAILABLE when the log is not open
   */
  emit<Type extends EventType>(type: Type, { node, data, correlationId }: EventInput<Type>): MeshEvent {
    const id = this.#nextId();
    const event: MeshEvent = {
      id,
      type,
      timestamp: new Date(this.#components.clock.now()).toISOString(),
      source: this.#self,
      node,
      correlationId: correlationId ?? id,
      data: { ...data },
    };
    this.#components.log.append(event);
    if (!eventTypes[type].observed) this.#enqueue(event);
    return event;
  }

  #enqueue(event: MeshEvent): void {
    this.#queue.push(event);
    if (this.#queue.length > MAX_QUEUE) {
      this.#queue.shift();
      this.#limiter.limit("overflow", (suppressed) =>
        this.#components.logger.warn({ suppressed }, "More events than can be told; the oldest is left out."),
      );
    }
    this.#sendTimer ??= this.#components.clock.setTimer(() => this.#onTimer(), BATCH_DELAY_MS);
  }

  #onTimer(): void {
    this.#sendTimer = undefined;
    if (this.#shouldWait()) {
      this.#sendTimer = this.#components.clock.setTimer(() => this.#onTimer(), AUDIENCE_DELAY_MS);
    } else {
      void this.#send();
    }
  }

  /** True while alone, and once more after that, as a connection alone does not yet carry gossip. */
  #shouldWait(): boolean {
    const { hasAudience, clock } = this.#components;
    const nowMs = clock.monotonic();
    const waitedMs = this.#aloneSinceMs === undefined ? 0 : nowMs - this.#aloneSinceMs;
    if (waitedMs >= AUDIENCE_PATIENCE_MS) {
      this.#aloneSinceMs = undefined;
      return false;
    }
    if (hasAudience?.() === false) {
      this.#aloneSinceMs ??= nowMs;
      return true;
    }
    const wasAlone = this.#aloneSinceMs !== undefined;
    this.#aloneSinceMs = undefined;
    return wasAlone;
  }

  async #send(): Promise<void> {
    const { gossip, logger } = this.#components;
    const events = this.#queue;
    this.#queue = [];
    for (const payload of encodeEvents(events)) {
      try {
        await gossip.publish(EVENTS_TOPIC, payload);
      } catch (error) {
        this.#limiter.limit("publish", (suppressed) =>
          logger.warn(
            { error, suppressed },
            "Events were not told to the mesh; they are in this peer's log.",
          ),
        );
      }
    }
  }

  #receive({ from, payload }: GossipMessage): void {
    if (from === this.#self) return;
    const { log, logger, clock } = this.#components;
    if (this.#senders.take(from, clock.monotonic()) > 0) {
      this.#limiter.limit("flood", (suppressed) =>
        logger.warn({ from, suppressed }, "A peer sends more events than it should; skipped."),
      );
      return;
    }
    const { events, refused } = decodeEvents(payload, from);
    for (const event of events) log.append(event);
    const [reason] = refused;
    if (reason === undefined) return;
    this.#limiter.limit("garbage", (suppressed) =>
      logger.warn({ from, reason, skipped: refused.length, suppressed }, "Skipped events of a peer."),
    );
  }
}
