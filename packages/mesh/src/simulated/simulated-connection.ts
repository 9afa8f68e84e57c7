import type { Clock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { Doorway } from "../gate/doorway.ts";
import { notConnected, RequestCalls } from "../request-calls.ts";
import type { LinkDirection } from "./link-direction.ts";
import type { SimulatedPeer } from "./simulated-peer.ts";

/** A request on its way, as both sides know it. */
export interface SimulatedCall {
  /** The caller's end of the connection, to which the answer goes. */
  readonly connection: SimulatedConnection;
  readonly id: number;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly timeoutMs: number;
  /** True for what TCP repeats until it arrives. */
  readonly reliable: boolean;
}

/** One connection as one of its two ends sees it. */
export class SimulatedConnection {
  /** Whose end it is. */
  readonly local: SimulatedPeer;
  readonly remote: SimulatedPeer;
  readonly doorway: Doorway;
  readonly calls: RequestCalls;
  /** The way from here to the other end. */
  readonly outgoing: LinkDirection;
  /** Of the dials that made it: two when both sides dialled at once. */
  readonly serials: number[];
  /** The requests being answered. */
  readonly answering = new Map<AbortController, SimulatedCall>();
  /** Resolves when this side has introduced it, rejects when it is not to be used. */
  introduced: Promise<void> = Promise.resolve();
  /** True once it has been introduced: it carries requests and gossip from then on. */
  ready = false;
  /** What is above the network knows of a connection to this peer: this one or one that it replaced. */
  announced: boolean;
  dialler: NodeId;
  openedAtMs: number;

  constructor(
    components: { readonly clock: Clock },
    ends: {
      local: SimulatedPeer;
      remote: SimulatedPeer;
      dialler: NodeId;
      serial: number;
      doorway: Doorway;
      outgoing: LinkDirection;
      announced: boolean;
    },
  ) {
    this.local = ends.local;
    this.remote = ends.remote;
    this.dialler = ends.dialler;
    this.serials = [ends.serial];
    this.doorway = ends.doorway;
    this.outgoing = ends.outgoing;
    this.announced = ends.announced;
    this.calls = new RequestCalls(components);
    this.openedAtMs = components.clock.now();
  }

  /** Ends all that is under way over it. */
  close(): void {
    const lost = notConnected(this.remote.self, "it was lost");
    this.doorway.close();
    this.calls.failAll(lost);
    for (const cancel of this.answering.keys()) cancel.abort(lost);
    this.answering.clear();
  }
}
