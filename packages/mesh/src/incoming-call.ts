import type { Clock, Timer } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { IncomingRequest } from "./network.ts";

/** A request as it came in. Its deadline travels as the time that was left when it was sent. */
export interface Call {
  readonly from: NodeId;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly timeoutMs: number;
  /** Aborts when the caller cancels or the connection is lost. */
  readonly signal: AbortSignal;
}

/**
 * A call as its handler sees it. Most handlers answer at once and never ask for the signal, so that it, and the
 * timer behind it, come to be only when one does: together they cost more than the rest of a probe.
 */
export class IncomingCall implements IncomingRequest {
  readonly from: NodeId;
  readonly payload: Uint8Array;
  readonly #clock: Clock;
  readonly #call: Call;
  readonly #arrivedMs: number;
  #signal: AbortSignal | undefined;
  #timer: Timer | undefined;

  constructor(components: { readonly clock: Clock }, call: Call) {
    this.from = call.from;
    this.payload = call.payload;
    this.#clock = components.clock;
    this.#call = call;
    this.#arrivedMs = components.clock.monotonic();
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#watch();
    return this.#signal;
  }

  /** To be called when the handler is done: nothing waits for the deadline any more. */
  end(): void {
    this.#timer?.cancel();
  }

  #watch(): AbortSignal {
    const { method, timeoutMs, signal } = this.#call;
    const deadline = new AbortController();
    const leftMs = timeoutMs - (this.#clock.monotonic() - this.#arrivedMs);
    const abort = () =>
      deadline.abort(new MeshError("DEADLINE_EXCEEDED", `The deadline of ${method} has passed`));
    if (leftMs > 0) this.#timer = this.#clock.setTimer(abort, leftMs);
    else abort();
    return AbortSignal.any([signal, deadline.signal]);
  }
}
