import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { abortable } from "./abortable.ts";
import { MAX_REQUEST_BYTES, type RequestOptions } from "./network.ts";
import { type Answer, failed } from "./request-handlers.ts";

interface Outstanding {
  settle(answer: Answer): void;
}

/** The requests that this peer has under way over one connection. Each settles exactly once. */
export class RequestCalls {
  readonly #clock: Clock;
  readonly #outstanding = new Map<number, Outstanding>();
  #lastId = 0;

  constructor(components: { clock: Clock }) {
    this.#clock = components.clock;
  }

  get size(): number {
    return this.#outstanding.size;
  }

  has(id: number): boolean {
    return this.#outstanding.has(id);
  }

  /**
   * Opens a request and waits for its answer.
   *
   * @param send hands the request to the wire
   * @param abandon tells the other side that nobody waits any more; called at the deadline and on abort
   * @throws MeshError DEADLINE_EXCEEDED, CANCELLED, or what the answer says
   */
  run(
    method: string,
    options: RequestOptions,
    wire: { send(id: number): void; abandon(id: number): void },
  ): Promise<Uint8Array> {
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) => {
        if (!this.#outstanding.delete(id)) return;
        timer.cancel();
        options.signal?.removeEventListener("abort", onAbort);
        if (answer.ok) resolve(answer.payload);
        else reject(new MeshError(answer.code, answer.message, answer.details));
      };
      const onAbort = () => {
        settle(failed(cancelled(method)));
        wire.abandon(id);
      };
      const timer = this.#clock.setTimer(() => {
        settle(failed(tooLate(method, options.timeoutMs)));
        wire.abandon(id);
      }, options.timeoutMs);
      this.#outstanding.set(id, { settle });
      options.signal?.addEventListener("abort", onAbort, { once: true });
      wire.send(id);
    });
  }

  /** An answer that nobody waits for any more is dropped. */
  settle(id: number, answer: Answer): void {
    this.#outstanding.get(id)?.settle(answer);
  }

  /** Ends all of them, as when the connection is lost. */
  failAll(error: MeshError): void {
    for (const outstanding of this.#outstanding.values()) outstanding.settle(failed(error));
  }

  /** Wraps at 32 bits, past ids still under way. */
  #nextId(): number {
    do {
      this.#lastId = (this.#lastId + 1) >>> 0;
    } while (this.#outstanding.has(this.#lastId));
    return this.#lastId;
  }
}

/** @throws MeshError RESOURCE_EXHAUSTED for a payload over the limit, CANCELLED when already aborted */
export function checkRequest(method: string, payload: Uint8Array, signal: AbortSignal | undefined): void {
  if (payload.byteLength > MAX_REQUEST_BYTES) {
    throw new MeshError(
      "RESOURCE_EXHAUSTED",
      `A request ${method} of ${payload.byteLength} bytes is larger than ${MAX_REQUEST_BYTES}`,
    );
  }
  if (signal?.aborted) throw cancelled(method);
}

/**
 * Waits for what a request needs before it can be sent, which goes on when nobody waits for it any more.
 *
 * @throws MeshError CANCELLED as soon as the request is cancelled; what `work` rejects with
 */
export async function unlessCancelled<T>(
  work: Promise<T>,
  method: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  const result = await abortable(work, signal).catch((error: unknown) => {
    throw signal?.aborted ? cancelled(method) : error;
  });
  if (signal?.aborted) throw cancelled(method);
  return result;
}

export function cancelled(method: string): MeshError {
  return new MeshError("CANCELLED", `The request ${method} was cancelled`);
}

export function tooLate(method: string, timeoutMs: number): MeshError {
  return new MeshError("DEADLINE_EXCEEDED", `No answer to ${method} within ${Math.round(timeoutMs)} ms`);
}

export function notConnected(peer: NodeId, reason: string): MeshError {
  return new MeshError("UNAVAILABLE", `No connection to ${peer}: ${reason}`);
}
