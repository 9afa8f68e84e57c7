import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Doorway } from "../gate/doorway.ts";
import { notConnected, RequestCalls } from "../request-calls.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

/** One connection as one of its two ends sees it. */
export class SimulatedConnection {
  readonly remote: SimulatedPeer;
  readonly doorway: Doorway;
  readonly calls: RequestCalls;
  /** Aborts the requests being answered when the connection is lost. */
  readonly closed = new AbortController();
  /** The requests being answered, by the caller's id. */
  readonly answering = new Map<number, AbortController>();
  /** Resolves when this side has introduced it, rejects when it is not to be used. */
  introduced: Promise<void> = Promise.resolve();
  /** True once it has been introduced: what is above the network knows of it from then on. */
  ready = false;
  dialler: NodeId;
  openedAtMs: number;

  constructor(
    components: { readonly clock: Clock },
    ends: { remote: SimulatedPeer; dialler: NodeId; doorway: Doorway },
  ) {
    this.remote = ends.remote;
    this.dialler = ends.dialler;
    this.doorway = ends.doorway;
    this.calls = new RequestCalls(components);
    this.openedAtMs = components.clock.now();
  }

  /** Ends all that is under way over it. */
  close(): void {
    const lost = notConnected(this.remote.self, "it was lost");
    this.doorway.close();
    this.calls.failAll(lost);
    this.closed.abort(lost);
  }
}
