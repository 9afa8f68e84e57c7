import type { GuardedRequests } from "../gate/guarded-requests.ts";
import { cancelled } from "../request-calls.ts";
import type { Answer } from "../request-handlers.ts";
import { Parcel, REQUEST_OVERHEAD_BYTES } from "./parcel.ts";
import type { SimulatedCall, SimulatedConnection } from "./simulated-connection.ts";
import type { Wire } from "./wire.ts";

interface Components {
  readonly wire: Wire;
  readonly requests: GuardedRequests;
}

/** Answers what arrives at one process over its connections. */
export class IncomingRequests {
  readonly #wire: Wire;
  readonly #requests: GuardedRequests;

  constructor(components: Components) {
    this.#wire = components.wire;
    this.#requests = components.requests;
  }

  /** @param connection this side's end of the one that it came over */
  async answer(connection: SimulatedConnection, call: SimulatedCall): Promise<void> {
    const { method, payload, timeoutMs } = call;
    const cancel = new AbortController();
    connection.answering.set(cancel, call);
    const incoming = { from: connection.remote.self, method, payload, timeoutMs, signal: cancel.signal };
    const answer = await this.#requests.answer(incoming, connection.doorway);
    // Cancelled, or the connection is gone: nobody waits.
    if (!connection.answering.delete(cancel) || cancel.signal.aborted) return;
    this.#send(connection, call, answer);
  }

  /** The caller waits no more. */
  cancel(connection: SimulatedConnection, call: SimulatedCall): void {
    for (const [cancel, answered] of connection.answering) {
      if (answered === call) cancel.abort(cancelled(call.method));
    }
  }

  #send({ local, remote }: SimulatedConnection, call: SimulatedCall, answer: Answer): void {
    const bodyBytes = answer.ok ? answer.payload.byteLength : answer.message.length;
    const parcel = new Parcel({
      kind: "answer",
      name: call.method,
      bytes: REQUEST_OVERHEAD_BYTES + bodyBytes,
      lossy: !call.reliable,
      from: local.host,
      to: remote.host,
      target: remote,
      refuse: () => local.loseConnectionTo(remote.self, call.connection.serials),
      // A caller who has lost the connection has settled the request already.
      deliver: () => call.connection.calls.settle(call.id, answer),
    });
    this.#wire.carry(local, parcel);
  }
}
