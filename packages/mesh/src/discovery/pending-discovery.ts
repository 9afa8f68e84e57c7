import {
  type Clock,
  Emitter,
  type Logger,
  LogLimiter,
  RateLimiter,
  type Service,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Mdns } from "./mdns.ts";
import type { MdnsTalk, MdnsTopic, Telling } from "./mdns-topic.ts";
import type { PendingChange, PendingDiscovery, PendingPeer } from "./pending.ts";
import { PENDING_SERVICE, pendingPeerOf } from "./pending-records.ts";
import { MAX_PENDING, PendingTable } from "./pending-table.ts";

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Has to be started, and stopped after this. */
  readonly mdns: Mdns;
}

interface Options {
  /** This peer was pending once itself. */
  readonly self: NodeId;
}

/** Asked twice in the time for which an announcement holds, so that one lost packet loses nobody. */
const LONGEST_QUESTION_INTERVAL_MS = 45_000;
const LOG_PERIOD_MS = 60_000;
/** Anybody can make up unclaimed peers; a room of real ones that are switched on together is told of in full. */
const LOG_RATE = { perSecond: 1, burst: 40, maxSenders: 1 } as const;

/** Looks for unclaimed peers, and for nothing else. */
class PendingBrowser implements PendingDiscovery, Service, MdnsTopic {
  readonly name = "pending-discovery";
  readonly longestQuestionIntervalMs = LONGEST_QUESTION_INTERVAL_MS;
  readonly #components: Components;
  readonly #self: NodeId;
  readonly #events: Emitter<PendingChange>;
  readonly #limiter: LogLimiter;
  readonly #rate = new RateLimiter(LOG_RATE);
  readonly #table = new PendingTable();
  #talk: MdnsTalk | undefined;
  #timer: Timer | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#self = options.self;
    this.#limiter = new LogLimiter(components.clock, LOG_PERIOD_MS);
    this.#events = new Emitter((error) =>
      components.logger.error({ error }, "A listener to pending peers failed"),
    );
  }

  async start(): Promise<void> {
    this.#talk = this.#components.mdns.speak(this);
    this.#tell();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#talk?.end();
    this.#talk = undefined;
  }

  observe(listener: (change: PendingChange) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  pending(): readonly PendingPeer[] {
    return this.#table.all();
  }

  browsed(): readonly string[] {
    return [PENDING_SERVICE];
  }

  announced(): undefined {
    return undefined;
  }

  knownCount(): number {
    return this.#table.size;
  }

  heard(telling: Telling): void {
    const { clock, logger } = this.#components;
    const peer = pendingPeerOf(telling);
    if (this.#talk === undefined || peer === undefined || peer.peer === this.#self) return;
    const nowMs = clock.monotonic();
    if (telling.ttlSeconds === 0) this.#table.goodbye(peer.peer, nowMs);
    else if (!this.#table.heard(peer, telling.ttlSeconds, nowMs)) {
      this.#limiter.limit("full", (suppressed) =>
        logger.warn(
          { ...peer, suppressed },
          `Left out an unclaimed peer: ${MAX_PENDING} are known already, which somebody may have made up`,
        ),
      );
    }
    this.#tell();
  }

  /** Tells what is due, and looks again when more is. */
  #tell(): void {
    const { clock } = this.#components;
    for (const change of this.#table.changes(clock.monotonic())) {
      this.#log(change);
      this.#events.emit(change);
    }
    this.#timer?.cancel();
    const dueMs = this.#table.nextDueMs;
    if (this.#talk === undefined || dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.setTimer(() => this.#tell(), Math.max(0, dueMs - clock.monotonic()));
  }

  #log({ kind, peer }: PendingChange): void {
    const { clock, logger } = this.#components;
    if (this.#rate.take("", clock.monotonic()) > 0) return;
    if (kind === "found") logger.info(peer, "An unclaimed peer is on the local network");
    else logger.info({ peer: peer.peer, name: peer.name }, "An unclaimed peer is no longer there");
  }
}

/** Finds the unclaimed peers on the local network, for a member to show and to admit. */
export function pendingDiscovery(components: Components, options: Options): PendingDiscovery & Service {
  return new PendingBrowser(components, options);
}
