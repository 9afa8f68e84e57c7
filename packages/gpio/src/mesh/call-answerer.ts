import { decodeJson, encodeJson, type Network, type RequestHandler } from "@pi-controller/mesh";
import { type Clock, RateLimiter, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, parseInput } from "@pi-controller/schema";
import type { GpioEvidence, OwnerAsking } from "../asking.ts";
import type { PinOwner } from "../owner/pin-owner.ts";
import { demand } from "./access.ts";
import { InFlight } from "./in-flight.ts";
import {
  CALL_METHOD,
  type CallArguments,
  callSchema,
  MAX_CALL_BYTES,
  type OwnerCall,
  ownerCalls,
} from "./owner-calls.ts";

export interface CallAnswererComponents {
  readonly network: Pick<Network, "handle">;
  readonly owner: PinOwner;
  readonly evidence: Pick<GpioEvidence, "verify">;
  readonly clock: Pick<Clock, "monotonic">;
}

/** What one peer may ask: it asks for all of its users. */
const RATE = { perSecond: 2_000, burst: 4_000, maxSenders: 1_024 };
const IN_FLIGHT = { perSender: 128, inAll: 512 };

/** Does what users of other nodes ask of this one's pins: who they are is verified here, whatever their node says. */
export class CallAnswerer {
  readonly #components: CallAnswererComponents;
  readonly #rate = new RateLimiter(RATE);
  readonly #inFlight = new InFlight(IN_FLIGHT);

  constructor(components: CallAnswererComponents) {
    this.#components = components;
  }

  /** Answers from now on. May be called before the network starts. */
  serve(): Unsubscribe {
    return this.#components.network.handle(CALL_METHOD, (request) => this.#answer(request));
  }

  async #answer({ from, payload }: Parameters<RequestHandler>[0]): Promise<Uint8Array> {
    const { clock, evidence, owner } = this.#components;
    const retryAfterMs = this.#rate.take(from, clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many requests from this node", { retryAfterMs });
    }
    if (payload.byteLength > MAX_CALL_BYTES) {
      throw new MeshError("INVALID_ARGUMENT", `The request is longer than ${MAX_CALL_BYTES} bytes`);
    }
    const call = parseInput(callSchema, decodeJson(payload), "request to a pin");
    const { operation, correlationId } = call;
    const work = async () => {
      const asking: OwnerAsking = {
        requester: await evidence.verify(call.evidence, from),
        correlationId,
        idempotencyKey: call.idempotencyKey ?? undefined,
      };
      return encodeJson((await runs[operation](owner, call.arguments, asking)) ?? null);
    };
    // A disk that hangs keeps what waits for it under way; nothing may keep an emergency stop out.
    return operation === "stop" ? work() : this.#inFlight.run(from, work);
  }
}

type Run = (owner: PinOwner, given: unknown, asking: OwnerAsking) => Promise<unknown>;

/** @returns what throws MeshError INVALID_ARGUMENT naming the argument, and what the owner throws */
function run<Name extends OwnerCall>(
  name: Name,
  call: (owner: PinOwner, given: CallArguments<Name>, asking: OwnerAsking) => Promise<unknown>,
): Run {
  return (owner, given, asking) => {
    const parsed = parseInput(ownerCalls[name].arguments, given, `${name} request`);
    return call(owner, parsed as CallArguments<Name>, asking);
  };
}

const runs: Readonly<Record<OwnerCall, Run>> = {
  describe: run("describe", async (owner, _given, { requester }) => {
    demand(requester, { verb: "get", resource: "gpio", namespace: { any: true } });
    return owner.describe();
  }),
  list: run("list", (owner, { ids }, asking) => owner.list(ids ?? undefined, asking)),
  reserve: run("reserve", (owner, { request }, asking) => owner.reserve(request, asking)),
  renew: run("renew", (owner, { id, renewal }, asking) => owner.renew(id, renewal, asking)),
  transfer: run("transfer", (owner, { id, transfer }, asking) => owner.transfer(id, transfer, asking)),
  release: run("release", (owner, { id, token, force }, asking) =>
    owner.release(id, { token: token ?? undefined, force }, asking),
  ),
  write: run("write", (owner, { writes }, asking) => owner.write(writes, asking)),
  i2c: run("i2c", (owner, { id, transaction }, asking) => owner.i2c(id, transaction, asking)),
  spi: run("spi", (owner, { id, transaction }, asking) => owner.spi(id, transaction, asking)),
  scan: run("scan", (owner, { bus }, asking) => owner.scan(bus, asking)),
  stop: run("stop", (owner, { request, ofMesh }, asking) => owner.stop(request, asking, ofMesh ?? undefined)),
  clear: run("clear", (owner, { ids }, asking) => owner.clear(ids ?? undefined, asking)),
};
