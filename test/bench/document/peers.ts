import { Documents, levelStore } from "@pi-controller/document";
import { AddressBook } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import {
  type Logger,
  silentLogger,
  systemClock,
  systemRandom,
  unsyncedPageFile,
} from "@pi-controller/runtime";

const logger: Logger = {
  ...silentLogger,
  warn: (fields, message) => console.error("warning:", message, fields),
  error: (fields, message) => console.error("error:", message, fields),
};

export function newNetwork(): SimulatedNetwork {
  return new SimulatedNetwork({ clock: systemClock(), random: systemRandom() }, { latencyMs: 0 });
}

export interface RunningPeer {
  readonly documents: Documents;
  connect(id: string): Promise<void>;
  stop(): Promise<void>;
}

/** A peer's documents on LevelDB, with the options that a peer has, over a network without latency. */
export async function startPeer(hub: SimulatedNetwork, id: string, directory: string): Promise<RunningPeer> {
  const { network, gossip, clock } = hub.createPeer(id, { addressBook: new AddressBook(), logger });
  const signal = new AbortController().signal;
  await network.start(signal);
  const documents = new Documents({
    network,
    gossip,
    clock,
    logger,
    random: systemRandom(),
    store: levelStore({ directory }),
    clockPage: unsyncedPageFile({ path: `${directory}-clocks` }),
    reachablePeers: () => network.status().connections.map(({ peer }) => peer),
  });
  await documents.start(signal);
  return {
    documents,
    connect: async (other) => void (await network.dial({ addresses: [hub.addressOf(other)] }, 5000)),
    stop: async () => {
      await documents.stop();
      await network.stop();
    },
  };
}
