import { Documents, defineCollection } from "@pi-controller/document";
import { SimulatedDisk, SimulatedStore } from "@pi-controller/document/simulated";
import { AddressBook, Connector, Membership, openGate } from "@pi-controller/mesh";
import { type SimulatedNetwork, simulatedSigner } from "@pi-controller/mesh/simulated";
import { createNodes, type MembersPort, MeshWatch, Roster, SelfRegistration } from "@pi-controller/nodes";
import {
  type Clock,
  type Logger,
  type Random,
  type Service,
  startAll,
  stopAll,
} from "@pi-controller/runtime";
import type { Board, NodeId } from "@pi-controller/schema";
import { EventLog, Events, MetricsExchange } from "@pi-controller/telemetry";
import * as z from "zod";

/** What the simulation writes: the number grows with every write of a key. */
export const countersCollection = defineCollection({
  name: "counters",
  schema: z.object({ id: z.string(), count: z.int() }),
});

const VERSION = "1.0.0";
/** Freshly flashed machines are all called so. */
const NAME = "raspberrypi";

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
  hostname: NAME,
  simulated: true,
};

export interface MachineComponents {
  /** Of the world. */
  readonly clock: Clock;
  readonly hub: SimulatedNetwork;
  readonly random: Random;
  readonly logger: Logger;
}

export interface MachineOptions {
  readonly id: NodeId;
  /** Addresses given with `--join`. */
  readonly join: readonly string[];
  /** All that were admitted: who belongs to the mesh does not change here. */
  readonly members: readonly NodeId[];
}

export type Peer = ReturnType<typeof composePeer>;

/** A machine that can run a peer: its disk and the count of its starts outlive every process. */
export class Machine {
  readonly id: NodeId;
  /** The process that runs there; undefined while none does. */
  peer: Peer | undefined;
  readonly #components: MachineComponents;
  readonly #options: MachineOptions;
  readonly #disk: SimulatedDisk;
  #bootEpoch = 0;

  constructor(components: MachineComponents, options: MachineOptions) {
    this.id = options.id;
    this.#components = components;
    this.#options = options;
    this.#disk = new SimulatedDisk({ clock: components.clock, random: components.random });
  }

  async start(): Promise<void> {
    const bootEpoch = ++this.#bootEpoch;
    const peer = composePeer(this.#components, { ...this.#options, bootEpoch, disk: this.#disk });
    this.peer = peer;
    await startAll(peer.services, new AbortController().signal);
  }

  /** As on SIGTERM. */
  async stop(): Promise<void> {
    const { peer } = this;
    this.peer = undefined;
    await peer?.membership.leave();
    await stopAll(peer?.services ?? []);
  }

  /** As on SIGKILL, or when the power goes. */
  end(how: "kill" | "powerOff"): void {
    this.#components.hub[how](this.id);
    if (how === "kill") this.#disk.kill();
    else this.#disk.cutPower();
    this.peer = undefined;
  }
}

/** The parts that agree with other peers, put together as `createPeer` does. */
function composePeer(
  { hub, random, logger }: Omit<MachineComponents, "clock">,
  {
    id,
    join,
    members: ids,
    bootEpoch,
    disk,
  }: MachineOptions & { readonly bootEpoch: number; readonly disk: SimulatedDisk },
) {
  const addressBook = new AddressBook();
  const { network, gossip, clock } = hub.createPeer(id, { addressBook, logger });
  const components = { network, gossip, clock, random, logger };
  const signer = simulatedSigner(id);
  const membership = new Membership({ ...components, gate: openGate, signer }, { bootEpoch });
  const documents = new Documents({
    ...components,
    store: new SimulatedStore({ disk }),
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
      isMember: (member) => ids.includes(member),
    },
    { bootEpoch },
  );
  const members: MembersPort = {
    has: (member) => ids.includes(member),
    all: () => ids,
    observe: () => () => {},
  };
  const roster = new Roster({ documents, members, membership, addressBook, metrics, logger }, { self: id });
  const connector = new Connector(
    { ...components, gate: openGate, addressBook, members: () => roster.peers() },
    { join },
  );
  const watch = new MeshWatch({ ...components, membership, documents, events }, { self: id });
  const registration = new SelfRegistration(
    { ...components, documents, events, board: async () => board },
    { name: NAME, version: VERSION, bootEpoch, apiUrls: () => ["http://127.0.0.1:8080"] },
  );
  const nodes = createNodes(
    {
      ...components,
      discovery: undefined,
      documents,
      members,
      isPending: async () => false,
      membership,
      metrics,
      events,
      partition: () => watch.partition(),
      toMultiaddrs: async () => [],
    },
    { version: VERSION, bootEpoch, startedAtMs: clock.now(), name: NAME },
  );
  const services: Service[] = [
    log,
    documents,
    events,
    metrics,
    membership,
    network,
    roster,
    watch,
    connector,
    registration,
  ];
  return { id, bootEpoch, startedAtMs: clock.monotonic(), services, membership, documents, nodes };
}
