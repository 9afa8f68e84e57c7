import {
  backoffMs,
  type Clock,
  type Logger,
  type Random,
  sleep,
  type Unsubscribe,
} from "@pi-controller/runtime";
import { type GpioStreamMessage, MeshError, type NodeId } from "@pi-controller/schema";
import type { ChangeBatch } from "../owner/changes.ts";
import type { ChangeStream } from "../use-cases.ts";
import type { ChangePoll } from "./changes-call.ts";

export interface FollowingComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Waits for changes. Rejects when the node is out of reach, and with the signal's reason. */
  readonly poll: (poll: ChangePoll, signal: AbortSignal) => Promise<ChangeBatch>;
  /** See `GpioUseCases.follow`. */
  readonly listener: (message: GpioStreamMessage) => boolean;
  readonly ready: (again: () => void) => Unsubscribe;
  /** Calls back when the node is there again: one that was away is asked at once. */
  readonly returned?: (again: () => void) => Unsubscribe;
}

export interface FollowingOptions {
  readonly node: NodeId;
  /** Where to begin; null: where the node is when it first answers. */
  readonly cursor: string | null;
}

/** Changes in one message. */
const LIMIT = 256;
const WAIT_MS = 5_000;
/** While changes come one after the other, they are told together. The first one after a pause is told at once. */
const GATHER_MS = 20;
const PAUSE_MS = 100;
/** A node that answers faster than this is not asked any faster, least of all one that has nothing to say. */
const MIN_INTERVAL_MS = 5;
const MIN_EMPTY_INTERVAL_MS = 100;
const BACKOFF = { initialMs: 250, maximumMs: 5_000, jitterFraction: 0.2 };

/**
 * Follows the changes of one node for one reader, at the reader's pace: nothing is kept here. What a slow reader or a
 * broken link leaves behind stays in the node's ring, from where it is read later, or counted as coalesced.
 */
export class Following implements ChangeStream {
  readonly #components: FollowingComponents;
  readonly #node: NodeId;
  readonly #closed = new AbortController();
  #cursor: string | null;
  #isTold = false;
  #failures = 0;
  /** Since the node was last said to be there. */
  #attempts = 0;
  #lastChangeMs = Number.NEGATIVE_INFINITY;
  /** Set while the reader is too slow. */
  #blocked: PromiseWithResolvers<void> | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: FollowingComponents, { node, cursor }: FollowingOptions) {
    this.#components = components;
    this.#node = node;
    this.#cursor = cursor;
  }

  start(): this {
    const { ready, logger } = this.#components;
    this.#unsubscribe = ready(() => this.#unblock());
    this.#run().catch((error: unknown) => {
      if (!this.#closed.signal.aborted)
        logger.error({ error, node: this.#node }, "Following changes failed.");
    });
    return this;
  }

  close(): void {
    this.#closed.abort(new MeshError("CANCELLED", "Nobody follows any more"));
    this.#unsubscribe?.();
    this.#unblock();
  }

  async #run(): Promise<void> {
    const { clock } = this.#components;
    const { signal } = this.#closed;
    if (this.#cursor !== null) this.#tellHello();
    while (!signal.aborted) {
      await this.#blocked?.promise;
      if (signal.aborted) return;
      const startedMs = clock.monotonic();
      const isFirst = this.#cursor === null;
      const batch = await this.#poll(signal);
      if (signal.aborted) return;
      if (batch !== undefined) this.#take(batch);
      const isEmpty = batch?.changes.length === 0 && batch.coalesced === 0;
      const intervalMs = isEmpty && !isFirst ? MIN_EMPTY_INTERVAL_MS : MIN_INTERVAL_MS;
      const leftMs = intervalMs - (clock.monotonic() - startedMs);
      if (leftMs > 0) await sleep(clock, leftMs, signal);
    }
  }

  async #poll(signal: AbortSignal): Promise<ChangeBatch | undefined> {
    const { clock, poll } = this.#components;
    const isBusy = clock.monotonic() - this.#lastChangeMs < PAUSE_MS;
    // The first answer only says where to begin: were it lost, nobody could say what was missed.
    const waitMs = this.#cursor === null ? 0 : WAIT_MS;
    const request = { cursor: this.#cursor, limit: LIMIT, waitMs, gatherMs: isBusy ? GATHER_MS : 0 };
    try {
      return await poll(request, signal);
    } catch (error) {
      if (!signal.aborted) await this.#fail(error, signal);
      return undefined;
    }
  }

  #take({ cursor, changes, coalesced }: ChangeBatch): void {
    this.#cursor = cursor;
    if (!this.#isTold) this.#tellHello();
    this.#attempts = 0;
    if (this.#failures > 0) {
      this.#failures = 0;
      this.#tell({ kind: "interrupted", interrupted: false, reason: "" });
    }
    if (changes.length === 0 && coalesced === 0) return;
    this.#lastChangeMs = this.#components.clock.monotonic();
    this.#tell({ kind: "changes", changes: [...changes], coalesced });
  }

  async #fail(error: unknown, signal: AbortSignal): Promise<void> {
    const { random, logger } = this.#components;
    this.#failures++;
    this.#attempts++;
    if (!(error instanceof MeshError)) {
      logger.error({ error, node: this.#node }, "Asking for changes failed.");
    }
    if (this.#failures === 1) {
      const reason = error instanceof MeshError ? error.message : "This node failed";
      if (!this.#isTold) this.#tellHello();
      this.#tell({ kind: "interrupted", interrupted: true, reason });
    }
    await this.#pause(backoffMs(this.#attempts, BACKOFF, random), signal);
  }

  /** Waits, or until the node is there again. */
  async #pause(durationMs: number, signal: AbortSignal): Promise<void> {
    const { clock, returned } = this.#components;
    const back = new AbortController();
    const unsubscribe = returned?.(() => {
      // It may take a moment until it answers: it is asked as often as one that has just gone.
      this.#attempts = 0;
      back.abort();
    });
    try {
      await sleep(clock, durationMs, AbortSignal.any([signal, back.signal]));
    } catch (error) {
      if (!back.signal.aborted || signal.aborted) throw error;
    } finally {
      unsubscribe?.();
    }
  }

  #tellHello(): void {
    this.#isTold = true;
    this.#tell({ kind: "hello", node: this.#node });
  }

  #tell(message: GpioStreamMessage): void {
    if (this.#closed.signal.aborted) return;
    const takesMore = this.#components.listener(message);
    if (!takesMore) this.#blocked ??= Promise.withResolvers();
  }

  #unblock(): void {
    this.#blocked?.resolve();
    this.#blocked = undefined;
  }
}
