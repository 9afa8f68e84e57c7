import { AddressBook } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Logger, type Random, seededRandom, VirtualClock } from "@pi-controller/runtime";
import * as Y from "yjs";
import * as z from "zod";
import { defineCollection } from "./collection.ts";
import { Documents, type DocumentsComponents, type DocumentsOptions } from "./documents.ts";
import { SimulatedDisk } from "./store/simulated-disk.ts";
import { SimulatedFile } from "./store/simulated-file.ts";
import { SimulatedStore } from "./store/simulated-store.ts";

export const thingSchema = z.object({ id: z.string(), n: z.number(), note: z.string().optional() });
export const things = defineCollection({ name: "things", schema: thingSchema });
export type Thing = z.infer<typeof thingSchema>;

/** The file of clocks on a peer's disk. */
export const CLOCKS = "document-clocks";

export interface LogLine {
  readonly level: "warn" | "error";
  readonly fields: object;
  readonly message: string;
}

/** One peer of a fixture: its disk outlives its processes. */
export interface Peer {
  readonly id: string;
  readonly disk: SimulatedDisk;
  readonly log: LogLine[];
  documents: Documents;
}

/** Peers over a simulated network on a virtual clock, each with documents and nothing else. */
export class Fixture {
  readonly clock = new VirtualClock();
  readonly network: SimulatedNetwork;
  readonly peers: Peer[] = [];
  readonly #random: Random;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
    this.network = new SimulatedNetwork({ clock: this.clock, random: this.#random });
  }

  /** A new peer, started, connected to nobody. */
  async add(name: string, options: Partial<DocumentsOptions> = {}): Promise<Peer> {
    const peer: Peer = {
      id: `node-${name}-0000`,
      disk: new SimulatedDisk({ clock: this.clock, random: this.#random }),
      log: [],
      // Replaced before anybody sees it.
      documents: undefined as unknown as Documents,
    };
    this.peers.push(peer);
    await this.begin(peer, options);
    return peer;
  }

  /** A new process for a peer. */
  async begin(
    peer: Peer,
    options: Partial<DocumentsOptions> = {},
    instead: Partial<Pick<DocumentsComponents, "store" | "clockPage" | "isNeeded">> = {},
  ): Promise<void> {
    const logger = recordingLogger(peer.log);
    const process = this.network.createPeer(peer.id, { addressBook: new AddressBook(), logger });
    await process.network.start(new AbortController().signal);
    peer.documents = new Documents(
      {
        ...process,
        store: new SimulatedStore(peer),
        clockPage: new SimulatedFile(peer, { name: CLOCKS }),
        ...instead,
        random: this.#random,
        logger,
        reachablePeers: () => process.network.status().connections.map(({ peer }) => peer),
      },
      options,
    );
    await peer.documents.start(new AbortController().signal);
    this.#dial.set(
      peer.id,
      async (address) => void (await process.network.dial({ addresses: [address] }, 1000)),
    );
    this.#stop.set(peer.id, () => process.network.stop());
  }

  /** Ends a peer's process in good order. */
  async end(peer: Peer): Promise<void> {
    await peer.documents.stop();
    await this.#stop.get(peer.id)?.();
    await this.run(10);
  }

  /** Ends a peer's process at once. */
  kill(peer: Peer): void {
    this.network.kill(peer.id);
    peer.disk.kill();
  }

  async connect(one: Peer, other: Peer): Promise<void> {
    const dialling = this.#dial.get(one.id)?.(this.network.addressOf(other.id));
    if (dialling !== undefined) await this.finish(dialling);
  }

  async connectAll(): Promise<void> {
    for (const [index, one] of this.peers.entries()) {
      for (const other of this.peers.slice(index + 1)) await this.connect(one, other);
    }
  }

  /** Lets virtual time pass. */
  async run(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
  }

  /** Runs until something is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    for (let round = 0; round < 1000 && !settled; round++) await this.run(100);
    return done;
  }

  readonly #dial = new Map<string, (address: string) => Promise<void>>();
  readonly #stop = new Map<string, () => Promise<void>>();
}

/** What a peer shows of a document, in order. */
export function thingsOf(peer: Peer, node?: Peer): readonly Thing[] {
  const { documents } = peer;
  return (node === undefined ? documents.mesh : documents.node(node.id)).collection(things).all();
}

/** Authors that the stored mesh document knows. */
export function authorsOf(peer: Peer): number {
  const doc = new Y.Doc();
  for (const entry of peer.disk.logs.get("mesh") ?? []) Y.applyUpdate(doc, entry);
  return Y.decodeStateVector(Y.encodeStateVector(doc)).size;
}

function recordingLogger(log: LogLine[]): Logger {
  return {
    debug() {},
    info() {},
    warn: (fields, message) => void log.push({ level: "warn", fields, message }),
    error: (fields, message) => void log.push({ level: "error", fields, message }),
  };
}
