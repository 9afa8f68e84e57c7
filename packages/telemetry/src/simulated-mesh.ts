import { AddressBook, type Gossip, type GossipMessage } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Logger, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** Counts what is published, for tests about how much and how often. */
export class CountingGossip implements Gossip {
  readonly published: { readonly topic: string; readonly bytes: number }[] = [];
  readonly #gossip: Gossip;

  constructor(gossip: Gossip) {
    this.#gossip = gossip;
  }

  publish(topic: string, payload: Uint8Array): Promise<void> {
    this.published.push({ topic, bytes: payload.byteLength });
    return this.#gossip.publish(topic, payload);
  }

  subscribe(topic: string, listener: (message: GossipMessage) => void): () => void {
    return this.#gossip.subscribe(topic, listener);
  }
}

/** Peers in a full mesh over the simulated network, for tests. */
export async function simulatedMesh(ids: readonly NodeId[], seed = 1) {
  const clock = new VirtualClock();
  const hub = new SimulatedNetwork({ clock, random: seededRandom(seed) }, { latencyMs: 2 });
  const peers = ids.map((id, index) => {
    const addressBook = new AddressBook();
    const process = hub.createPeer(id, { addressBook, logger: silentLogger });
    for (const other of ids) addressBook.add(other, [hub.addressOf(other)]);
    const messages: string[] = [];
    const note = (_fields: object, message: string) => void messages.push(message);
    const logger: Logger = { ...silentLogger, warn: note, error: note };
    const random = seededRandom(seed * 1_000 + index);
    return { id, ...process, gossip: new CountingGossip(process.gossip), random, logger, messages };
  });
  for (const { network } of peers) await network.start(new AbortController().signal);
  const connectAll = async () => {
    for (const [index, { network }] of peers.entries()) {
      for (const other of ids.slice(index + 1)) void network.dial({ peer: other }, 1_000);
    }
    await clock.advance(200);
  };
  const stopAll = async () => {
    for (const { network } of peers) {
      const stopping = network.stop();
      await clock.advance(100);
      await stopping;
    }
  };
  return { clock, hub, peers, connectAll, stopAll };
}
