import { type GossipSub, type Message, TopicValidatorResult } from "@libp2p/gossipsub";
import type { PeerId } from "@libp2p/interface";
import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { PeerGate } from "../gate/gate.ts";
import { type Gossip, type GossipMessage, MAX_GOSSIP_BYTES } from "../network.ts";
import { protocolPrefix } from "./create-node.ts";

/** Gossip over gossipsub, on topics that belong to this mesh alone. */
export class Libp2pGossip implements Gossip {
  readonly #gate: PeerGate;
  readonly #logger: Logger;
  readonly #self: NodeId;
  readonly #topicPrefix: string;
  readonly #topics = new Map<string, Emitter<GossipMessage>>();
  #gossipsub: GossipSub | undefined;

  constructor(components: { gate: PeerGate; logger: Logger }, self: NodeId, meshName: string) {
    this.#gate = components.gate;
    this.#logger = components.logger;
    this.#self = self;
    this.#topicPrefix = `/${protocolPrefix(meshName)}/`;
  }

  /** The names of the topics that have been joined, sorted. */
  topics(): readonly string[] {
    return [...this.#topics.keys()].sort();
  }

  /** Takes up its work on a node that has started. */
  attach(gossipsub: GossipSub): void {
    this.#gossipsub = gossipsub;
    gossipsub.addEventListener("message", ({ detail }) => this.#onMessage(detail));
    for (const topic of this.#topics.keys()) this.#subscribe(gossipsub, topic);
  }

  detach(): void {
    this.#gossipsub = undefined;
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > MAX_GOSSIP_BYTES) {
      throw new MeshError(
        "RESOURCE_EXHAUSTED",
        `${payload.byteLength} bytes of ${topic} are more than the ${MAX_GOSSIP_BYTES} that can be gossiped`,
      );
    }
    await this.#gossipsub?.publish(this.#topicPrefix + topic, payload);
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
    if (this.#gossipsub !== undefined) this.#subscribe(this.#gossipsub, topic);
    return emitter;
  }

  #subscribe(gossipsub: GossipSub, topic: string): void {
    gossipsub.topicValidators.set(this.#topicPrefix + topic, (source, message) =>
      this.#judge(source, message),
    );
    gossipsub.subscribe(this.#topicPrefix + topic);
  }

  /**
   * What is not accepted is neither delivered nor passed on. It is ignored, not rejected: who passed it on may
   * only not know yet that its author is no longer allowed, and must not be punished for that.
   */
  #judge(source: PeerId, message: Message): TopicValidatorResult {
    const allowed =
      message.type === "signed" &&
      this.#gate.allows(source.toString()) &&
      this.#gate.allows(message.from.toString());
    return allowed ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore;
  }

  #onMessage(message: Message): void {
    if (message.type !== "signed" || !message.topic.startsWith(this.#topicPrefix)) return;
    const from = message.from.toString();
    if (from === this.#self || message.data.byteLength > MAX_GOSSIP_BYTES) return;
    this.#topics.get(message.topic.slice(this.#topicPrefix.length))?.emit({ from, payload: message.data });
  }
}
