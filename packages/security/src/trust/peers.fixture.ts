import { Documents } from "@pi-controller/document";
import { SimulatedDisk, SimulatedFile, SimulatedStore } from "@pi-controller/document/simulated";
import { AddressBook, type Network } from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { type Random, seededRandom, silentLogger } from "@pi-controller/runtime";
import { toBase64Url } from "../crypto/encoding.ts";
import { type TestNode, testNode } from "../crypto/testing.ts";
import { meshSecretStatements } from "./building/mesh-secrets.ts";
import { TrustIntroduction } from "./introduction.ts";
import type { StatementOf } from "./statements.ts";
import { type TestMesh, testMesh } from "./testing.ts";
import type { Trust } from "./trust.ts";
import { TrustCarrier } from "./trust-carrier.ts";
import { trustGate } from "./trust-gate.ts";

/** How long a busy machine may take for work that does not follow the virtual clock. */
const REAL_WORK_MS = 10_000;

/** One peer of a fixture. */
export interface FixturePeer {
  readonly node: TestNode;
  readonly trust: Trust;
  readonly network: Network;
  readonly documents: Documents;
  readonly carrier: TrustCarrier;
}

/** Members of one mesh over a simulated network, each with its trust, documents and what carries one to the other. */
export class TrustFixture {
  readonly mesh: TestMesh;
  readonly network: SimulatedNetwork;
  readonly peers: FixturePeer[] = [];
  readonly #random: Random;

  private constructor(mesh: TestMesh, seed: number) {
    this.mesh = mesh;
    this.#random = seededRandom(seed);
    this.network = new SimulatedNetwork({ clock: mesh.clock, random: this.#random });
  }

  /** @param size how many members; they know each other, and are connected to nobody */
  static async create(size: number, seed = 1): Promise<TrustFixture> {
    const mesh = await testMesh(0);
    const fixture = new TrustFixture(mesh, seed);
    for (let index = 1; index < size; index++) await fixture.admit(testNode(index));
    for (let index = 0; index < size; index++) await fixture.start(testNode(index));
    return fixture;
  }

  /** Has the authority admit a node, in the trust of the first member. */
  async admit(node: TestNode, version = 1): Promise<void> {
    const { trust, authority, founded } = this.mesh;
    const entry = {
      kind: "member",
      version,
      node: node.node,
      boxKey: toBase64Url(node.key.box.publicKey),
      admittedBy: { kind: "authority", user: authority.user.user.id },
    } as const;
    const envelope = trust.sign(entry, [authority]);
    const member = JSON.parse(envelope.statement) as StatementOf<"member">;
    const secrets = await meshSecretStatements(trust, [member], founded.meshSecret, authority);
    await trust.publish([envelope, ...secrets]);
  }

  /** Starts a peer that knows what the first member knows now. */
  async start(node: TestNode): Promise<FixturePeer> {
    const { mesh } = this;
    const trust = node.node === mesh.node.node ? mesh.trust : mesh.another();
    const process = this.network.createPeer(node.node, {
      addressBook: new AddressBook(),
      logger: silentLogger,
      gate: trustGate(trust, node.node),
      introduction: new TrustIntroduction({ trust }),
    });
    await process.network.start(new AbortController().signal);
    const disk = new SimulatedDisk({ clock: mesh.clock, random: this.#random });
    const documents = new Documents({
      ...process,
      store: new SimulatedStore({ disk }),
      clockPage: new SimulatedFile({ disk }, { name: "document-clocks" }),
      random: this.#random,
      logger: silentLogger,
      reachablePeers: () => process.network.status().connections.map(({ peer }) => peer),
    });
    await documents.start(new AbortController().signal);
    const components = { trust, document: documents.mesh, clock: mesh.clock, random: this.#random };
    const carrier = new TrustCarrier({ ...components, logger: silentLogger });
    await carrier.start();
    const peer = { node, trust, network: process.network, documents, carrier };
    this.peers.push(peer);
    return peer;
  }

  peer(index: number): FixturePeer {
    const peer = this.peers[index];
    if (peer === undefined) throw new RangeError(`There is no peer ${index}`);
    return peer;
  }

  async connect(one: FixturePeer, other: FixturePeer): Promise<void> {
    const dialling = one.network.dial({ addresses: [this.network.addressOf(other.node.node)] }, 5_000);
    await this.finish(dialling);
  }

  async connectAll(): Promise<void> {
    for (const [index, one] of this.peers.entries()) {
      for (const other of this.peers.slice(index + 1)) await this.connect(one, other);
    }
  }

  /** Lets virtual time pass, and real work of the machine's own with it. */
  async run(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
      await this.mesh.clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Runs until something is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined);
    for (let round = 0; round < 1_000 && !settled; round++) await this.run(100);
    return done;
  }

  /** Runs until something holds; work that real threads do, such as opening boxes, gets real time for it. */
  async until(holds: () => boolean, withinMs = 120_000): Promise<void> {
    for (let passedMs = 0; passedMs < withinMs && !holds(); passedMs += 100) await this.run(100);
    const deadlineMs = performance.now() + REAL_WORK_MS;
    while (!holds() && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.run(100);
    }
    if (!holds()) throw new Error(`It did not come to hold within ${withinMs} ms`);
  }

  async dispose(): Promise<void> {
    for (const { carrier, documents, network } of this.peers) {
      await carrier.stop();
      await documents.stop();
      await network.stop();
    }
    this.mesh.dispose();
  }
}
