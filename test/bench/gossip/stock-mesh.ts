import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { neighbours } from "@pi-controller/mesh";
import { createLibp2p, type Libp2p } from "libp2p";
import { type GossipMesh, inTurns, TOPIC } from "./gossip-mesh.ts";

type Node = Libp2p<{ identify: Identify; gossipsub: GossipSub }>;

/**
 * libp2p with gossipsub as it comes. What differs is only what a hundred peers behind one address need to
 * work at all: the score for that (with it on, all is dropped), and the limit on connections a second.
 */
export class StockMesh implements GossipMesh {
  readonly name = "stock";
  readonly #nodes: Node[] = [];

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const node = await createLibp2p({
        addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 1_000 },
        services: {
          identify: identify(),
          gossipsub: gossipsub({
            allowPublishToZeroTopicPeers: true,
            scoreParams: { IPColocationFactorWeight: 0 },
          }),
        },
      });
      this.#nodes.push(node);
    }
    const members = this.#nodes.map((node) => node.peerId.toString());
    const dials = this.#nodes.flatMap((node, index) => {
      const self = members[index] as string;
      return [...neighbours(self, members)]
        .filter((peer) => self < peer)
        .map((peer) => async () => {
          await node.dial(this.#nodes[members.indexOf(peer)]?.getMultiaddrs() ?? []);
        });
    });
    await inTurns(dials);
  }

  async publish(author: number, payload: Uint8Array): Promise<void> {
    await this.#nodes[author]?.services.gossipsub.publish(TOPIC, payload);
  }

  onDelivery(listener: (peer: number, payload: Uint8Array) => void): void {
    for (const [index, { services }] of this.#nodes.entries()) {
      services.gossipsub.addEventListener("message", ({ detail }) => listener(index, detail.data));
      services.gossipsub.subscribe(TOPIC);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node.stop()));
  }
}
