import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { FULL_MESH_SIZE } from "./connector/neighbours.ts";
import { type Gossip, type GossipMessage, MAX_GOSSIP_BYTES, type Network } from "./network.ts";

interface Components {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly logger: Logger;
  /** Ids of all members that are alive, this peer among them or not. */
  readonly alive: () => Iterable<NodeId>;
}

/** What is sent again and again is old by then. */
const TIMEOUT_MS = 5_000;
const NOTHING = new Uint8Array();

/**
 * Gossip for what every peer tells all others all the time. While this peer is connected to everybody, it
 * sends straight to each: that costs an eighth of gossip, where everyone passes everything on. When it is not,
 * and in a larger mesh, it gossips. A message goes one way or the other, so it still arrives at most once.
 */
export class DirectGossip implements Gossip {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_GOSSIP_BYTES) {
      throw new MeshError(
        "RESOURCE_EXHAUSTED",
        `A message of ${payload.byteLength} bytes is too large for gossip`,
      );
    }
    const { network, gossip } = this.#components;
    const audience = this.#audience();
    if (audience === undefined) return gossip.publish(topic, payload);
    for (const peer of audience) {
      network.request(peer, methodOf(topic), payload, { timeoutMs: TIMEOUT_MS }).catch(() => {
        // Gossip promises no delivery either, and membership finds out about whoever does not answer.
      });
    }
  }

  subscribe(topic: string, listener: (message: GossipMessage) => void): Unsubscribe {
    const { network, gossip, logger } = this.#components;
    const heard = new Emitter<GossipMessage>((error) =>
      logger.error({ error, topic }, "A listener of gossip failed"),
    );
    const unsubscribes = [
      heard.on(listener),
      gossip.subscribe(topic, listener),
      network.handle(methodOf(topic), async ({ from, payload }) => {
        heard.emit({ from, payload });
        return NOTHING;
      }),
    ];
    return () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }

  /** All others, when this peer is connected to every one that is alive; undefined when it is not. */
  #audience(): ReadonlySet<NodeId> | undefined {
    const { network, alive } = this.#components;
    const connected = new Set(network.status().connections.map(({ peer }) => peer));
    const others = new Set<NodeId>();
    for (const id of alive()) {
      if (id === network.self) continue;
      if (!connected.has(id) || others.size >= FULL_MESH_SIZE - 1) return undefined;
      others.add(id);
    }
    return others;
  }
}

function methodOf(topic: string): string {
  return `gossip.${topic}`;
}
