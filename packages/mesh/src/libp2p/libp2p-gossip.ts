import type { Message } from "@libp2p/gossipsub";
import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { type Gossip, type GossipMessage, MAX_GOSSIP_BYTES } from "../network.ts";
import { type Node, protocolPrefix } from "./create-node.ts";

/** Gossip over gossipsub, on topics that belong to this mesh alone. */
export class Libp2pGossip implements Gossip {
  readonly #logger: Logger;
  readonly #self: NodeId;
  readonly #topicPrefix: string;
  readonly #topics = new Map<string, Emitter<GossipMessage>>();
  #node: Node | undefined;

  constructor(components: { logger: Logger }, self: NodeId, meshName: string) {
    this.#logger = components.logger;
    this.#self = self;
    this.#topicPrefix = `/${protocolPrefix(meshName)}/`;
  }

  /** Takes up its work on a node that has started. */
  attach(node: Node): void {
    this.#node = node;
    node.services.gossipsub.addEventListener("message", ({ detail }) => this.#onMessage(detail));
    for (const topic of this.#topics.keys()) node.services.gossipsub.subscribe(this.#topicPrefix + topic);
  }

  detach(): void {
    this.#node = undefined;
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_GOSSIP_BYTES) {
      throw new MeshError(
        "RESOURCE_EXHAUSTED",
        `${payload.byteLength} bytes of ${topic} are more than the ${MAX_GOSSIP_BYTES} that can be gossiped`,
      );
    }
    await this.#node?.services.gossipsub.publish(this.#topicPrefix + topic, payload);
  }

  subscribe(topic: string, listener: (message: GossipMessage) => void): Unsubscribe {
    const emitter = this.#topics.get(topic) ?? this.#join(topic);
    return emitter.on(listener);
  }

  /** A topic once joined is kept: who listens changes, what a program listens to does not. */
  #join(topic: string): Emitter<GossipMessage> {
    const emitter = new Emitter<GossipMessage>((error) =>
      this.#logger.error({ topic, error }, "A listener of gossip failed"),
    );
    this.#topics.set(topic, emitter);
    this.#node?.services.gossipsub.subscribe(this.#topicPrefix + topic);
    return emitter;
  }

  #onMessage(message: Message): void {
    if (message.type !== "signed" || !message.topic.startsWith(this.#topicPrefix)) return;
    const from = message.from.toString();
    if (from === this.#self || message.data.byteLength > MAX_GOSSIP_BYTES) return;
    this.#topics.get(message.topic.slice(this.#topicPrefix.length))?.emit({ from, payload: message.data });
  }
}
