import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Introduction, PeerGate } from "./gate.ts";

/** The request method over which two peers introduce themselves. */
export const INTRODUCTION_METHOD = "trust.introduction";
/** A peer that has not introduced itself by then is not waited for. */
export const INTRODUCTION_TIMEOUT_MS = 5_000;
/** Most requests of one connection that wait for its introduction. */
const MAX_WAITING = 64;

interface Components {
  readonly clock: Clock;
  readonly gate: PeerGate;
  readonly introduction?: Introduction | undefined;
}

/** Sends one request of the introduction, which must end within the time given. */
export type AskPeer = (payload: Uint8Array, timeoutMs: number) => Promise<Uint8Array>;

/**
 * The way in of one connection: shut until this side's introduction has ended, and then either open or closed
 * for good. Without an introduction it is open from the beginning.
 */
export class Doorway {
  readonly peer: NodeId;
  readonly #components: Components;
  readonly #waiting = new Set<(error?: MeshError) => void>();
  /** Ends this side's introduction when the connection closes. */
  #abandon: ((error: MeshError) => void) | undefined;
  #state: "shut" | "open" | MeshError;

  constructor(components: Components, peer: NodeId) {
    this.#components = components;
    this.peer = peer;
    this.#state = components.introduction === undefined ? "open" : "shut";
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /**
   * Runs this side's introduction, then lets in what waits. To be called once.
   *
   * @throws MeshError PERMISSION_DENIED when the gate does not let the peer in after it, DEADLINE_EXCEEDED, or
   *   whatever the introduction threw: the connection must not be used then
   */
  async pass(ask: AskPeer): Promise<void> {
    try {
      await this.#introduce(ask);
      if (!this.#components.gate.allows(this.peer)) throw notAllowed(this.peer);
    } catch (error) {
      this.close();
      throw error;
    }
    if (this.#state === "shut") this.#settle("open");
    if (this.#state !== "open") throw this.#state;
  }

  /**
   * Resolves once it is open.
   *
   * @throws MeshError UNAVAILABLE when it has closed, RESOURCE_EXHAUSTED when too many wait already, CANCELLED
   *   when the signal aborts
   */
  whenOpen(signal?: AbortSignal): Promise<void> {
    if (this.#state === "open") return Promise.resolve();
    if (this.#state !== "shut") return Promise.reject(this.#state);
    if (signal?.aborted) return Promise.reject(noLongerWanted());
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(tooManyWait());
    return new Promise((resolve, reject) => {
      const settle = (error?: MeshError) => {
        this.#waiting.delete(settle);
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = () => settle(noLongerWanted());
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(settle);
    });
  }

  /** Lets nothing in any more: the connection is gone. */
  close(): void {
    if (this.#state !== "shut" && this.#state !== "open") return;
    this.#settle(new MeshError("UNAVAILABLE", `The connection to ${this.peer} was closed`));
  }

  #settle(state: "open" | MeshError): void {
    this.#state = state;
    if (state !== "open") this.#abandon?.(state);
    for (const settle of [...this.#waiting]) settle(state === "open" ? undefined : state);
  }

  #introduce(ask: AskPeer): Promise<void> {
    const { clock, introduction } = this.#components;
    if (introduction === undefined) return Promise.resolve();
    const endMs = clock.monotonic() + INTRODUCTION_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      this.#abandon = reject;
      const timer = clock.setTimer(() => reject(tooSlow(this.peer)), INTRODUCTION_TIMEOUT_MS);
      void introduction
        .introduce(this.peer, (payload) => ask(payload, Math.max(0, endMs - clock.monotonic())))
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }
}

/** Why nothing is taken from a peer, and nothing sent to it. */
export function notAllowed(peer: NodeId): MeshError {
  return new MeshError("PERMISSION_DENIED", `${peer} is not allowed in this mesh`);
}

function tooSlow(peer: NodeId): MeshError {
  return new MeshError("DEADLINE_EXCEEDED", `${peer} did not introduce itself in time`);
}

function tooManyWait(): MeshError {
  const message = "Too many requests wait for the introduction of this connection";
  return new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: 1_000 });
}

function noLongerWanted(): MeshError {
  return new MeshError("CANCELLED", "The caller gave up");
}
