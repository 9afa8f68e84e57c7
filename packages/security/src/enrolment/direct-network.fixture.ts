import type { IncomingRequest, Network, NetworkEvent, RequestHandler } from "@pi-controller/mesh";
import { Emitter, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";

/** The network of one pending node with nothing in between, for tests that ask it a hundred thousand times. */
export class DirectNetwork implements Pick<Network, "self" | "handle" | "observe" | "status"> {
  readonly self: NodeId;
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #events = new Emitter<NetworkEvent>((error) => {
    throw error;
  });
  #caller: { readonly peer: NodeId; readonly address: string } | undefined;

  constructor(self: NodeId) {
    this.self = self;
  }

  handle(method: string, handler: RequestHandler): Unsubscribe {
    this.#handlers.set(method, handler);
    return () => void this.#handlers.delete(method);
  }

  observe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  status() {
    const caller = this.#caller;
    const connections =
      caller === undefined
        ? []
        : [{ ...caller, direction: "inbound" as const, roundTripMs: null, openedAtMs: 0 }];
    return { addresses: [], connections };
  }

  /** Asks as a peer that is connected from an IP address. */
  ask(from: NodeId, address: string, method: string, payload: Uint8Array): Promise<Uint8Array> {
    const handler = this.#handlers.get(method);
    if (handler === undefined) return Promise.reject(new MeshError("UNIMPLEMENTED", method));
    this.#caller = { peer: from, address: `/ip4/${address}/tcp/40000` };
    const request: IncomingRequest = { from, payload, signal: new AbortController().signal };
    return handler(request);
  }

  /** The other end of it, as a network that a member opens for one contact. */
  contact(self: NodeId, address: string): Network {
    const ask = this.ask.bind(this);
    const pending = this.self;
    return {
      name: "direct",
      self,
      start: async () => {},
      stop: async () => this.#events.emit({ kind: "disconnected", peer: self }),
      dial: async () => ({ outcome: "connected", peer: pending }),
      disconnect: async () => {},
      request: (_peer, method, payload) => ask(self, address, method, payload),
      handle: () => () => {},
      observe: () => () => {},
      status: () => ({ addresses: [], connections: [] }),
    };
  }
}
