import { generateKeyPair } from "@libp2p/crypto/keys";
import { AddressBook, type Gossip, type Network, neighbours, openGate } from "@pi-controller/mesh";
import { libp2pNetwork } from "@pi-controller/mesh/libp2p";
import { silentLogger, systemClock } from "@pi-controller/runtime";
import { type GossipMesh, inTurns, TOPIC } from "./gossip-mesh.ts";

interface Peer {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly addressBook: AddressBook;
}

/** The network adapter of this project, as a peer uses it. */
export class OurMesh implements GossipMesh {
  readonly name = "ours";
  readonly #peers: Peer[] = [];

  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const addressBook = new AddressBook();
      const ports = libp2pNetwork(
        {
          privateKey: await generateKeyPair("Ed25519"),
          addressBook,
          clock: systemClock(),
          gate: openGate,
          logger: silentLogger,
        },
        { listen: ["/ip4/127.0.0.1/tcp/0"], meshName: "bench", maxConnections: 100 },
      );
      await ports.network.start(new AbortController().signal);
      this.#peers.push({ ...ports, addressBook });
    }
    const members = this.#peers.map(({ network }) => network.self);
    const dials = this.#peers.flatMap(({ network, addressBook }) =>
      [...neighbours(network.self, members)]
        .filter((peer) => network.self < peer)
        .map((peer) => async () => {
          addressBook.add(peer, this.#peers[members.indexOf(peer)]?.network.status().addresses ?? []);
          const result = await network.dial({ peer }, 10_000);
          if (result.outcome !== "connected") throw new Error(`a dial failed: ${result.reason}`);
        }),
    );
    await inTurns(dials);
  }

  async publish(author: number, payload: Uint8Array): Promise<void> {
    await this.#peers[author]?.gossip.publish(TOPIC, payload);
  }

  onDelivery(listener: (peer: number, payload: Uint8Array) => void): void {
    for (const [index, { gossip }] of this.#peers.entries()) {
      gossip.subscribe(TOPIC, ({ payload }) => listener(index, payload));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#peers.map(({ network }) => network.stop()));
  }
}
