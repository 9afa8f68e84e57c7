import type { Clock, Logger, Unsubscribe } from "@pi-controller/runtime";
import { type ErrorCode, type ErrorDetails, MeshError } from "@pi-controller/schema";
import { type Call, IncomingCall } from "./incoming-call.ts";
import { MAX_REQUEST_BYTES, type RequestHandler } from "./network.ts";

/** How a request ended, in the form that crosses the wire. */
export type Answer =
  | { readonly ok: true; readonly payload: Uint8Array }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: ErrorDetails;
    };

export type { Call };

/** The methods that this peer answers, and the one place where what a handler throws becomes an answer. */
export class RequestHandlers {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handlers = new Map<string, RequestHandler>();

  constructor(components: { clock: Clock; logger: Logger }) {
    this.#clock = components.clock;
    this.#logger = components.logger;
  }

  /** @throws MeshError ALREADY_EXISTS when the method has a handler */
  add(method: string, handler: RequestHandler): Unsubscribe {
    if (this.#handlers.has(method)) {
      throw new MeshError("ALREADY_EXISTS", `Requests ${method} have a handler`);
    }
    this.#handlers.set(method, handler);
    return () => {
      if (this.#handlers.get(method) === handler) this.#handlers.delete(method);
    };
  }

  /** Names of all methods that have a handler, sorted. */
  methods(): readonly string[] {
    return [...this.#handlers.keys()].sort();
  }

  /** Runs the handler of a call. Never rejects: whatever happens becomes an answer. */
  async answer(call: Call): Promise<Answer> {
    const handler = this.#handlers.get(call.method);
    if (handler === undefined) {
      return failed(new MeshError("UNIMPLEMENTED", `This peer does not answer ${call.method}`));
    }
    const request = new IncomingCall({ clock: this.#clock }, call);
    try {
      const payload = await handler(request);
      if (payload.byteLength > MAX_REQUEST_BYTES) {
        const message = `The answer to ${call.method} is too large to send`;
        return failed(new MeshError("RESOURCE_EXHAUSTED", message));
      }
      return { ok: true, payload };
    } catch (error) {
      if (error instanceof MeshError) return failed(error);
      this.#logger.error({ method: call.method, peer: call.from, error }, "A request handler failed");
      return failed(new MeshError("INTERNAL", `The peer failed on ${call.method}`));
    } finally {
      request.end();
    }
  }
}

/** The answer that carries an error to the caller. */
export function failed({ code, message, details }: MeshError): Answer & { readonly ok: false } {
  return { ok: false, code, message, details };
}
