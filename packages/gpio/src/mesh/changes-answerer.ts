import { decodeJson, encodeJson, type Network, type RequestHandler } from "@pi-controller/mesh";
import { type Clock, RateLimiter, type Unsubscribe } from "@pi-controller/runtime";
import { type GpioChange, MeshError, parseInput } from "@pi-controller/schema";
import type { GpioEvidence } from "../asking.ts";
import type { ChangeFeed } from "../owner/changes.ts";
import { CHANGES_METHOD, MAX_POLL_BYTES, pollSchema } from "./changes-call.ts";
import { InFlight } from "./in-flight.ts";
import { pollFeed } from "./poll-feed.ts";
import { wantedChanges, watchRefusal } from "./wanted-changes.ts";

export interface ChangesAnswererComponents {
  readonly network: Pick<Network, "handle">;
  readonly feed: ChangeFeed;
  readonly evidence: Pick<GpioEvidence, "verify">;
  readonly clock: Clock;
}

/** A peer polls once for each of its readers: every 20 ms at most, while one change comes after the other. */
const RATE = { perSecond: 4_000, burst: 4_000, maxSenders: 1_024 };
/**
 * Readers that one peer may have here, and all of them. Each waits with a request, of which 256 go over a connection at a
 * time: readers must leave room for those who drive.
 */
const WAITING = { perSender: 64, inAll: 512 };

/** Tells other nodes what changes at this one's pins, for as long as they ask: each answer is of who asks now. */
export class ChangesAnswerer {
  readonly #components: ChangesAnswererComponents;
  readonly #rate = new RateLimiter(RATE);
  readonly #waiting = new InFlight(WAITING);

  constructor(components: ChangesAnswererComponents) {
    this.#components = components;
  }

  /** Answers from now on. May be called before the network starts. */
  serve(): Unsubscribe {
    return this.#components.network.handle(CHANGES_METHOD, (request) => this.#answer(request));
  }

  async #answer({ from, payload, signal }: Parameters<RequestHandler>[0]): Promise<Uint8Array> {
    const { clock, evidence, feed } = this.#components;
    const retryAfterMs = this.#rate.take(from, clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many requests from this node", { retryAfterMs });
    }
    if (payload.byteLength > MAX_POLL_BYTES) {
      throw new MeshError("INVALID_ARGUMENT", `The request is longer than ${MAX_POLL_BYTES} bytes`);
    }
    const poll = parseInput(pollSchema, decodeJson(payload), "request for changes");
    return this.#waiting.run(from, async () => {
      const requester = await evidence.verify(poll.evidence, from);
      const refusal = watchRefusal(poll.filter, requester);
      if (refusal !== undefined) throw new MeshError("PERMISSION_DENIED", refusal);
      const wanted = wantedChanges(poll.filter, requester);
      const { cursor, changes, coalesced } = await pollFeed(feed, poll, wanted, { clock, signal });
      return encodeJson({
        cursor,
        changes: changes.map(onTheWire),
        coalesced,
      });
    });
  }
}

function onTheWire(change: GpioChange): Omit<GpioChange, "type" | "node"> {
  const { type: _, node: __, ...rest } = change;
  return rest;
}
