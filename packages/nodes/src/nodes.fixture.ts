import { Documents } from "@pi-controller/document";
import { SimulatedDisk, SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { AddressBook, Membership, openGate } from "@pi-controller/mesh";
import { SimulatedNetwork, simulatedSigner } from "@pi-controller/mesh/simulated";
import { Emitter, seededRandom, silentLogger, type Unsubscribe, VirtualClock } from "@pi-controller/runtime";
import type { Board, NodeId } from "@pi-controller/schema";
import { EventLog, Events, MetricsExchange } from "@pi-controller/telemetry";
import { MeshWatch } from "./mesh-watch.ts";
import { createNodes } from "./nodes.ts";
import type { MembersPort } from "./ports.ts";
import { Roster } from "./roster.ts";
import { SelfRegistration } from "./self-registration.ts";

const board: Board = {
  model: "Raspberry Pi 5 Model B Rev 1.0",
  family: "pi-5",
  revision: "d04170",
  architecture: "arm64",
  cpuCores: 4,
  memoryBytes: 8 * 2 ** 30,
  gpioChips: [],
  i2cBuses: [1],
  spiDevices: [],
  pwmChips: [],
  storage: [],
  operatingSystem: "Debian",
  kernel: "6.12",
  hostname: "raspberrypi",
  simulated: true,
};

interface PeerOptions {
  readonly name?: string;
  readonly apiUrls?: readonly string[];
  /** What a peer before this one has left on its disk. */
  readonly disk?: SimulatedDisk;
}

/** Where a peer of no mesh answers. */
export const PENDING_ADDRESS = "127.0.0.77";

export type FixturePeer = Awaited<ReturnType<typeof startPeer>>;

/** Who was admitted, as all peers of a fixture know it. */
class Members implements MembersPort {
  readonly #ids = new Set<NodeId>();
  readonly #changed = new Emitter<void>((error) => {
    throw error;
  });

  has(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  all(): readonly NodeId[] {
    return [...this.#ids];
  }

  observe(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  admit(id: NodeId): void {
    this.#ids.add(id);
    this.#changed.emit();
  }

  revoke(id: NodeId): void {
    this.#ids.delete(id);
    this.#changed.emit();
  }
}

async function startPeer(
  hub: SimulatedNetwork,
  members: Members,
  id: NodeId,
  { disk, ...options }: PeerOptions & { readonly disk: SimulatedDisk },
  seed: number,
) {
  const addressBook = new AddressBook();
  const random = seededRandom(seed);
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_fields: object, message: string) => errors.push(message) };
  const { network, gossip, clock } = hub.createPeer(id, { addressBook, logger });
  const components = { network, gossip, clock, random, logger };
  const signer = simulatedSigner(id);
  const membership = new Membership({ ...components, gate: openGate, signer }, { bootEpoch: 1 });
  const documents = new Documents({
    ...components,
    store: new SimulatedStore({ disk }),
    clockPage: new SimulatedFile({ disk }, { name: "document-clocks" }),
    reachablePeers: () => network.status().connections.map(({ peer }) => peer),
  });
  const log = new EventLog(components, {
    file: ":memory:",
    maxEvents: 1_000,
    maxAgeMs: 1e12,
    minEvents: 0,
    maxBytes: 2 ** 24,
  });
  const events = new Events({ ...components, log }, { self: id });
  const metrics = new MetricsExchange(
    {
      ...components,
      signer,
      memberCount: () => membership.size,
      isMember: (member) => members.has(member),
    },
    { bootEpoch: 1 },
  );
  const roster = new Roster({ documents, members, membership, addressBook, metrics, logger }, { self: id });
  const watch = new MeshWatch(
    { ...components, membership, documents, events, nameOf: (node) => roster.nameOf(node) },
    { self: id },
  );
  const name = options.name ?? "raspberrypi";
  const registration = new SelfRegistration(
    { ...components, documents, events, board: async () => board },
    { name, version: "1.0.0", bootEpoch: 1, apiUrls: () => options.apiUrls ?? ["http://127.0.0.1:8080"] },
  );
  const nodes = createNodes(
    {
      ...components,
      discovery: undefined,
      documents,
      members,
      isPending: async (address) => address === PENDING_ADDRESS,
      membership,
      metrics,
      events,
      partition: () => watch.partition(),
      toMultiaddrs: async (address) => (address.startsWith("/") ? [address] : []),
    },
    { version: "1.0.0", bootEpoch: 1, startedAtMs: clock.now(), name },
  );
  const services = [log, documents, events, metrics, membership, network, roster, watch, registration];
  for (const service of services) await service.start(new AbortController().signal);
  return {
    id,
    network,
    nodes,
    documents,
    metrics,
    addressBook,
    watch,
    registration,
    disk,
    /** What its log says of errors. */
    errors,
    names: () => nodes.list({ limit: 100, sort: "name" }).items.map((node) => node.name),
    told: (type: string) => log.query({ types: [type] }, { limit: 500 }).items,
    events: () =>
      log
        .query({}, { limit: 500 })
        .items.map(({ type, node }) => ({ type, node }))
        .toReversed(),
  };
}

/** Peers with all that this package stands on, over a simulated network and a virtual clock. */
export class Fixture {
  readonly clock = new VirtualClock();
  readonly hub = new SimulatedNetwork({ clock: this.clock, random: seededRandom(1) }, { latencyMs: 2 });
  readonly peers: FixturePeer[] = [];
  readonly members = new Members();
  #seed = 10;

  async add(id: NodeId, options: PeerOptions = {}): Promise<FixturePeer> {
    this.members.admit(id);
    const seed = this.#seed++;
    const disk = new SimulatedDisk({ clock: this.clock, random: seededRandom(seed) });
    const peer = await startPeer(this.hub, this.members, id, { disk, ...options }, seed);
    this.peers.push(peer);
    await this.run(50);
    return peer;
  }

  /** Connects everyone with everyone. */
  async connectAll(): Promise<void> {
    for (const { network, addressBook } of this.peers) {
      for (const other of this.peers) {
        if (other.network === network) continue;
        addressBook.add(other.id, [this.hub.addressOf(other.id)]);
        if (network.self < other.id) void network.dial({ peer: other.id }, 1_000);
      }
    }
    await this.run(2_000);
  }

  async run(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
  }

  /** Waits for something that takes virtual time. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let finished = false;
    const done = promise.finally(() => {
      finished = true;
    });
    done.catch(() => {
      // Whoever called sees it.
    });
    for (let step = 0; !finished && step < 2_000; step++) await this.run(10);
    return done;
  }
}
