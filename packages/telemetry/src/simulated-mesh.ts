import { AddressBook, type Gossip, type GossipMessage, type Network, neighbours } from "@pi-controller/mesh";
import { SimulatedNetwork, simulatedSigner } from "@pi-controller/mesh/simulated";
import { type Logger, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { BYTES_PER_BYTE, BYTES_PER_REQUEST } from "./metrics/metrics-budget.ts";

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

/** A network with the bytes of requests and answers counted, in both directions, transport included. */
export type CountingNetwork = ReturnType<typeof countingNetwork>;

function countingNetwork(network: Network) {
  let bytes = 0;
  const count = (payload: Uint8Array) => {
    bytes += BYTES_PER_REQUEST / 2 + BYTES_PER_BYTE * payload.byteLength;
    return payload;
  };
  const handle: Network["handle"] = (method, handler) =>
    network.handle(method, async (request) => {
      count(request.payload);
      return count(await handler(request));
    });
  const request: Network["request"] = async (peer, method, payload, options) =>
    count(await network.request(peer, method, count(payload), options));
  return { self: network.self, handle, request, status: () => network.status(), bytes: () => bytes };
}

/** Peers over the simulated network, for tests. */
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
    const gossip = new CountingGossip(process.gossip);
    return { id, ...process, gossip, signer: simulatedSigner(id), random, logger, messages };
  });
  for (const { network } of peers) await network.start(new AbortController().signal);
  const connect = async (others: (id: NodeId) => Iterable<NodeId>) => {
    for (const { id, network } of peers) {
      for (const other of others(id)) if (id < other) void network.dial({ peer: other }, 1_000);
    }
    await clock.advance(200);
  };
  /** Everyone with everyone, as in a mesh of up to 32. */
  const connectAll = () => connect(() => ids);
  /** As the connector does it in a larger one. */
  const connectNeighbours = () => connect((id) => neighbours(id, ids));
  const stopAll = async () => {
    for (const { network } of peers) {
      const stopping = network.stop();
      await clock.advance(100);
      await stopping;
    }
  };
  return { clock, hub, peers, connectAll, connectNeighbours, countingNetwork, stopAll };
}
