import { createHmac } from "node:crypto";
import { Documents } from "@pi-controller/document";
import { SimulatedDisk, SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { openPinHardware, type PinSimulation, simulatedMachine } from "@pi-controller/hardware";
import { AddressBook } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import {
  type Clock,
  type Logger,
  type Random,
  type Service,
  seededRandom,
  silentLogger,
  startAll,
  stopAll,
  VirtualClock,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { GpioEvents } from "../owner/components.ts";
import { createPinOwner } from "../owner/create-pin-owner.ts";
import type { Seal } from "../owner/sealing.ts";
import { StoredAtStart } from "../owner/stored-at-start.ts";
import type { GpioUseCases } from "../use-cases.ts";
import { serveGpio } from "./gpio-exchange.ts";
import { routedGpio } from "./routed-gpio.ts";
import { evidence, requesterOf } from "./test-users.ts";

/** One process of a peer. */
export interface GpioPeer {
  readonly id: NodeId;
  readonly gpio: GpioUseCases;
  readonly documents: Documents;
  /** What is soldered to its header. */
  readonly simulation: PinSimulation;
  /** What its owner told of, as `gpio.reservation.granted`, with what. */
  readonly events: { readonly type: string; readonly data: unknown }[];
  readonly services: readonly Service[];
  connect(other: NodeId): Promise<void>;
}

export interface GpioMeshOptions {
  readonly nodes: number;
  /** Left out: a virtual one, which `run` and `finish` move. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

interface Machine {
  readonly disk: SimulatedDisk;
  starts: number;
}

/**
 * Peers with pins, for tests: real owners, routing and documents; simulated boards and network. Users are `ada` (may
 * everything), `mona` (sees all), `tom` (all in the namespace `plant`) and `nemo` (nothing): see `askingOf`.
 */
export class GpioMesh {
  readonly hub: SimulatedNetwork;
  readonly peers = new Map<NodeId, GpioPeer>();
  readonly #machines = new Map<NodeId, Machine>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #random: Random = seededRandom(1);

  constructor({ clock = new VirtualClock(), logger = silentLogger }: Partial<GpioMeshOptions>) {
    this.#clock = clock;
    this.#logger = logger;
    this.hub = new SimulatedNetwork({ clock, random: this.#random });
  }

  /** A peer by its place, from 0. */
  peer(index: number): GpioPeer {
    const peer = this.peers.get(nodeIdOf(index));
    if (peer === undefined) throw new MeshError("NOT_FOUND", `Peer ${index} does not run`);
    return peer;
  }

  /** A new process on a machine, connected to nobody. */
  async begin(index: number): Promise<GpioPeer> {
    const id = nodeIdOf(index);
    const machine = this.#machines.get(id) ?? {
      disk: new SimulatedDisk({ clock: this.#clock, random: this.#random }),
      starts: 0,
    };
    this.#machines.set(id, machine);
    machine.starts++;
    const peer = await this.#process(id, machine);
    this.peers.set(id, peer);
    await this.finish(startAll(peer.services, new AbortController().signal));
    return peer;
  }

  /** Ends a process in good order. */
  async end(index: number): Promise<void> {
    const peer = this.peer(index);
    this.peers.delete(peer.id);
    await this.finish(stopAll(peer.services));
  }

  /** Ends a process at once, and what it drives stays as it is. */
  kill(index: number): void {
    const { id } = this.peer(index);
    this.peers.delete(id);
    this.hub.kill(id);
    this.#machines.get(id)?.disk.kill();
  }

  /** Takes the documents of a machine whose process was killed. */
  loseDocuments(index: number): void {
    this.#machines.get(nodeIdOf(index))?.disk.wipe();
  }

  /** Makes it a member that runs other software: nothing looks after what its own document says of its pins. */
  async endOwner(index: number): Promise<void> {
    const owner = this.peer(index).services.find(({ name }) => name === "pin-owner");
    await this.finish(owner?.stop() ?? Promise.resolve());
  }

  /** Connects everyone with everyone, and lets them tell each other what they know. */
  async connectAll(): Promise<void> {
    const peers = [...this.peers.values()];
    for (const [index, peer] of peers.entries()) {
      for (const other of peers.slice(index + 1)) await this.finish(peer.connect(other.id));
    }
    await this.run(3_000);
  }

  /** Lets virtual time pass; on another clock, that time itself. */
  async run(durationMs: number): Promise<void> {
    if (this.#clock instanceof VirtualClock) {
      await this.#clock.advance(durationMs);
      return;
    }
    await new Promise<void>((resolve) => void this.#clock.setTimer(resolve, durationMs));
  }

  /** Waits for something that takes virtual time. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const done = work.finally(() => {
      isSettled = true;
    });
    done.catch(() => undefined);
    const isVirtual = this.#clock instanceof VirtualClock;
    for (let round = 0; isVirtual && !isSettled && round < 20_000; round++) await this.run(5);
    return done;
  }

  /** Waits until something holds. @throws MeshError DEADLINE_EXCEEDED */
  async until(holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 20) {
      if (await this.finish(Promise.resolve(holds()))) return;
      await this.run(20);
    }
    throw new MeshError("DEADLINE_EXCEEDED", `It does not hold after ${withinMs} ms`);
  }

  async dispose(): Promise<void> {
    for (const peer of this.peers.values()) await this.finish(stopAll(peer.services));
    this.peers.clear();
  }

  async #process(id: NodeId, { disk, starts }: Machine): Promise<GpioPeer> {
    const logger = this.#logger;
    const random = this.#random;
    const process = this.hub.createPeer(id, { addressBook: new AddressBook(), logger });
    const { network, clock } = process;
    const common = { clock, random, logger };
    const connected = () => network.status().connections.map(({ peer }) => peer);
    const documents = new Documents({
      ...process,
      ...common,
      store: new SimulatedStore({ disk }),
      clockPage: new SimulatedFile({ disk }, { name: "document-clocks" }),
      reachablePeers: connected,
    });
    const board = await simulatedMachine(common, { board: "pi-4", hostname: id }).detect();
    const hardware = openPinHardware(common, board, {
      driver: "simulated",
      chip: "",
      pigpiodAddress: "",
      simulationFile: "",
    });
    const events: GpioPeer["events"] = [];
    const emit: GpioEvents["emit"] = (type, data) => void events.push({ type, data });
    const now = () => clock.now();
    const others = () => [...this.#machines.keys()].filter((other) => other !== id);
    const seal: Seal = { mac: (text) => createHmac("sha256", id).update(text).digest("base64") };
    const service = createPinOwner(
      {
        ...common,
        hardware,
        own: documents.own,
        seal,
        stored: new StoredAtStart({ own: documents.own, seal }),
        wasLost: () => documents.wasLost,
        mesh: documents.mesh,
        otherNodes: () => others().map((node) => ({ node, document: documents.node(node) })),
        events: { emit },
        evidence,
        knowsUser: (name) => ({ userId: requesterOf(name).userId }),
        machineTime: { bootId: "boot-1", uptimeMs: () => clock.monotonic() },
        leasePage: new SimulatedFile({ disk }, { name: "gpio-leases" }),
        trustedNow: now,
      },
      { node: id, bootEpoch: starts },
    );
    const { owner, changes: feed } = service;
    const gpio = routedGpio({
      ...common,
      owner,
      feed,
      network,
      documents,
      events: { emit },
      now,
      nodes: {
        all: () => [...this.#machines.keys()],
        nameOf: (node) => node.replace("node-", ""),
        stateOf: (node) => (node === id || connected().includes(node) ? "alive" : "dead"),
        observe: (listener) => network.observe((event) => "peer" in event && listener(event.peer)),
      },
    });
    serveGpio({ network, owner, feed, evidence, clock });
    const pins = {
      name: "pins",
      start: (signal: AbortSignal) => hardware.start(signal),
      stop: () => hardware.stop(),
    };
    return {
      id,
      gpio,
      documents,
      events,
      services: [documents, pins, service, network],
      get simulation() {
        if (hardware.simulation === null)
          throw new MeshError("FAILED_PRECONDITION", "The pins are not started");
        return hardware.simulation;
      },
      connect: async (other) => {
        await network.dial({ addresses: [this.hub.addressOf(other)] }, 1_000);
      },
    };
  }
}

/** Of the peer with this index in a `GpioMesh`. */
export function nodeIdOf(index: number): NodeId {
  return `node-gpio-${`${index}`.padStart(4, "0")}`;
}

/** So many peers with pins, started and connected. `dispose` it when done. */
export async function startGpioMesh(options: GpioMeshOptions): Promise<GpioMesh> {
  const mesh = new GpioMesh(options);
  for (let index = 0; index < options.nodes; index++) await mesh.begin(index);
  await mesh.connectAll();
  return mesh;
}
