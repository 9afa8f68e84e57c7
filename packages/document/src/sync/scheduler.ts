import {
  type Clock,
  jitter,
  type Logger,
  pick,
  type Random,
  repeat,
  type Timer,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";

/** How far the interval varies, so that peers do not act in step. */
const SPREAD = 0.3;

export interface SchedulerComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly reachablePeers: () => readonly NodeId[];
  /** One exchange with a peer. */
  readonly exchange: (peer: NodeId, signal: AbortSignal) => Promise<void>;
}

/** Decides when to exchange with whom: now and then with anybody, and soon where something is missing. */
export class SyncScheduler {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #reachablePeers: () => readonly NodeId[];
  readonly #exchange: (peer: NodeId, signal: AbortSignal) => Promise<void>;
  readonly #intervalMs: number;
  readonly #waiting = new Map<NodeId, Timer>();
  readonly #due = new Set<NodeId>();
  #abort = new AbortController();
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(components: SchedulerComponents, options: { readonly intervalMs: number }) {
    this.#clock = components.clock;
    this.#random = components.random;
    this.#logger = components.logger;
    this.#reachablePeers = components.reachablePeers;
    this.#exchange = components.exchange;
    this.#intervalMs = options.intervalMs;
  }

  start(): void {
    this.#abort = new AbortController();
    this.#timer = repeat(
      this.#clock,
      () => jitter(this.#random, this.#intervalMs, SPREAD),
      () => this.requestAny(0),
      (error) => this.#logger.error({ error }, "Could not plan an exchange of documents"),
    );
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#due.clear();
    this.#abort.abort(new MeshError("CANCELLED", "This peer is stopping"));
    await this.#running;
  }

  /** Exchanges with a peer after at most `withinMs`, at a random moment. */
  request(peer: NodeId, withinMs: number): void {
    if (this.#abort.signal.aborted || this.#waiting.has(peer)) return;
    const begin = () => {
      this.#waiting.delete(peer);
      this.#due.add(peer);
      this.#running ??= this.#run();
    };
    if (withinMs === 0) begin();
    else this.#waiting.set(peer, this.#clock.setTimer(begin, withinMs * this.#random.next()));
  }

  /** Exchanges with whoever can be reached. */
  requestAny(withinMs: number): void {
    const peer = pick(this.#random, this.#reachablePeers());
    if (peer !== undefined) this.request(peer, withinMs);
  }

  async #run(): Promise<void> {
    for (const peer of this.#due) {
      this.#due.delete(peer);
      try {
        await this.#exchange(peer, this.#abort.signal);
      } catch (error) {
        // Peers come and go; the next exchange makes up for it.
        this.#logger.debug({ peer, error }, "An exchange of documents did not end");
      }
    }
    this.#running = undefined;
  }
}
