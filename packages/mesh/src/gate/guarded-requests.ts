import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { type Answer, type Call, failed, type RequestHandlers } from "../request-handlers.ts";
import { type Doorway, INTRODUCTION_METHOD, notAllowed } from "./doorway.ts";
import type { Introduction, PeerGate } from "./gate.ts";

interface Components {
  readonly clock: Clock;
  readonly gate: PeerGate;
  readonly handlers: RequestHandlers;
  readonly introduction?: Introduction | undefined;
}

/**
 * The one way to the request handlers: asks the gate at each request, and keeps all but the introduction waiting
 * until the connection has been introduced.
 */
export class GuardedRequests {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
    const { handlers, introduction } = components;
    if (introduction === undefined) return;
    handlers.add(INTRODUCTION_METHOD, ({ from, payload }) => introduction.answer(from, payload));
  }

  /** Never rejects: whatever happens becomes an answer. */
  answer(call: Call, doorway: Doorway): Promise<Answer> {
    const { gate, handlers } = this.#components;
    if (!gate.allows(call.from)) return Promise.resolve(failed(notAllowed(call.from)));
    if (doorway.open || call.method === INTRODUCTION_METHOD) return handlers.answer(call);
    return this.#answerOnceOpen(call, doorway);
  }

  async #answerOnceOpen(call: Call, doorway: Doorway): Promise<Answer> {
    const { clock, gate, handlers } = this.#components;
    const arrivedMs = clock.monotonic();
    try {
      await doorway.whenOpen(call.signal);
    } catch (error) {
      if (error instanceof MeshError) return failed(error);
      throw error;
    }
    if (!gate.allows(call.from)) return failed(notAllowed(call.from));
    const waitedMs = clock.monotonic() - arrivedMs;
    return handlers.answer({ ...call, timeoutMs: Math.max(0, call.timeoutMs - waitedMs) });
  }
}
