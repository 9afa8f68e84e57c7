import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import {
  AddressBook,
  type Network,
  type PendingChange,
  type PendingDiscovery,
  type PendingPeer,
} from "@pi-controller/mesh";
import { SimulatedNetwork } from "@pi-controller/mesh/simulated";
import { Emitter, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import type { MeshError, NodeId } from "@pi-controller/schema";
import { type JoinTokenSecret, type NodeKey, newSetupCode } from "../crypto/index.ts";
import { type TestNode, testNode } from "../crypto/testing.ts";
import { PasswordKeyring } from "../trust/keyring.ts";
import {
  TEST_BUILD_MS,
  TEST_PASSWORD,
  TEST_START_MS,
  type TestMesh,
  temporaryDirectory,
  testCost,
} from "../trust/testing.ts";
import { Trust } from "../trust/trust.ts";
import { TrustStore } from "../trust/trust-store.ts";
import type { Acting } from "../use-cases.ts";
import type { KnownSecrets } from "./member/admission.ts";
import { Enrolment, type EnrolmentComponents } from "./member/enrolment.ts";
import { ownMeshSecret } from "./own-mesh-secret.ts";
import { UnclaimedNode, type UnclaimedNodeComponents } from "./pending/unclaimed-node.ts";

export const ORIGIN = { address: "192.0.2.1", userAgent: "test", correlationId: "test" };

/** What members find on a local network that all of them share. */
export class TestDiscovery implements PendingDiscovery {
  readonly #peers = new Map<NodeId, PendingPeer>();
  readonly #changes = new Emitter<PendingChange>((error) => {
    throw error;
  });

  observe(listener: (change: PendingChange) => void) {
    return this.#changes.on(listener);
  }

  pending(): readonly PendingPeer[] {
    return [...this.#peers.values()];
  }

  found(peer: PendingPeer): void {
    this.#peers.set(peer.peer, peer);
    this.#changes.emit({ kind: "found", peer });
  }

  lost(id: NodeId): void {
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    if (peer !== undefined) this.#changes.emit({ kind: "lost", peer });
  }
}

export interface TestPending {
  readonly node: TestNode;
  readonly network: Network;
  readonly unclaimed: UnclaimedNode;
  readonly directory: string;
  readonly address: string;
  /** What it verified of the mesh that it belongs to; undefined while it belongs to none. */
  trust(): Trust | undefined;
}

export interface TestMember {
  readonly enrolment: Enrolment;
  readonly trust: Trust;
  readonly acting: Acting;
  /** Types of the events that it told, with the node each is about. */
  readonly events: string[];
  readonly gone: string[];
}

type MemberOverrides = Partial<
  Pick<
    EnrolmentComponents,
    | "tellBeforeCut"
    | "spread"
    | "enterNode"
    | "aliveMembers"
    | "openPendingNetwork"
    | "signCertificates"
    | "wipe"
  >
>;

/** What enrolment asks of the rest of a peer, where nothing comes of it. */
export const withoutEffect = {
  events: { emit() {} },
  nameOf: (id) => id,
  enterNode: async () => {},
  tellBeforeCut: async () => {},
  spread: async () => {},
  wipe: async () => {},
  onGone() {},
} satisfies Partial<EnrolmentComponents>;

/** Pending nodes and members on one simulated network, on a virtual clock, with real keys and real disks. */
export class EnrolmentFixture {
  readonly clock = new VirtualClock(TEST_START_MS);
  readonly hub: SimulatedNetwork;
  readonly discovery = new TestDiscovery();
  readonly #closing: (() => Promise<void> | void)[] = [];
  #contacts = 0;

  constructor(seed = 1) {
    this.hub = new SimulatedNetwork({ clock: this.clock, random: seededRandom(seed) });
  }

  async pending(
    index: string,
    options: {
      readonly joinToken?: JoinTokenSecret | undefined;
      readonly directory?: string;
      readonly setupCode?: string;
      readonly knockAt?: readonly string[];
      readonly components?: Partial<UnclaimedNodeComponents>;
    } = {},
  ): Promise<TestPending> {
    const node = testNode(index);
    const directory = options.directory ?? this.#directory();
    const { network } = this.hub.createPeer(node.node, {
      addressBook: new AddressBook(),
      logger: silentLogger,
    });
    const unclaimed = new UnclaimedNode(
      {
        network,
        nodeKey: node.key,
        clock: this.clock,
        logger: silentLogger,
        secrets: { setupCode: options.setupCode ?? newSetupCode(), joinToken: options.joinToken },
        hasher: { derive: () => Promise.reject(new Error("no passwords here")) },
        createRoot: () => Promise.reject(new Error("no mesh is made here")),
        store: async (meshId, envelopes) => TrustStore.create(directory, meshId, envelopes).close(),
        ...options.components,
      },
      {
        dataDirectory: directory,
        name: index,
        board: "Pi",
        buildDateMs: TEST_BUILD_MS,
        passwordCost: testCost,
        ...(options.knockAt === undefined ? {} : { knockAt: options.knockAt }),
      },
    );
    await network.start(new AbortController().signal);
    await unclaimed.start();
    const stop = async () => {
      await unclaimed.stop();
      await network.stop();
    };
    this.#closing.push(stop);
    const address = this.hub.addressOf(node.node);
    return { node, network, unclaimed, directory, address, trust: () => this.#trustIn(directory) };
  }

  /** Makes all members find a pending node. */
  announce({ node, address }: TestPending, joinToken?: string): void {
    const token = joinToken === undefined ? {} : { joinToken };
    this.discovery.found({ peer: node.node, addresses: [address], name: "pi-new", ...token });
  }

  /** A member's side of enrolment, over a mesh as `testMesh` or `another` of it gives it. */
  async member(
    mesh: Pick<TestMesh, "trust" | "node" | "hasher">,
    overrides: MemberOverrides = {},
  ): Promise<TestMember> {
    const { trust, node, hasher } = mesh;
    const events: string[] = [];
    const gone: string[] = [];
    const enrolment = new Enrolment({
      ...withoutEffect,
      trust,
      keyring: new PasswordKeyring({ trust, hasher }),
      nodeKey: node.key,
      secrets: await knownSecrets(trust, node.key),
      clock: this.clock,
      random: seededRandom(1),
      logger: silentLogger,
      events: { emit: (type, event) => void events.push(`${type} ${event.node}`) },
      discovery: this.discovery,
      openPendingNetwork: () => this.contact(),
      aliveMembers: () => [node.node],
      onGone: (reason) => void gone.push(reason),
      ...overrides,
    });
    await enrolment.start();
    this.#closing.push(() => enrolment.stop());
    return { enrolment, trust, acting: actingAs(trust), events, gone };
  }

  /** A started network under an id of its own. */
  async contact(): Promise<Network> {
    const id = testNode(`contact ${this.#contacts++}`).node;
    const { network } = this.hub.createPeer(id, { addressBook: new AddressBook(), logger: silentLogger });
    await network.start(new AbortController().signal);
    return network;
  }

  /** Lets time pass until the promise has settled: keys are worked out in real time, messages in virtual time. */
  async until<Result>(promise: Promise<Result>): Promise<Result> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    while (!settled) await this.#pass();
    return promise;
  }

  async untilTrue(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const endMs = this.clock.monotonic() + limitMs;
    while (!condition()) {
      if (this.clock.monotonic() > endMs) throw new Error("what was waited for did not happen");
      await this.#pass();
    }
  }

  /** @returns the code of the error that it ends with, or `done` */
  outcome(promise: Promise<unknown>): Promise<string> {
    return this.until(
      promise.then(
        () => "done",
        (error: MeshError) => error.code,
      ),
    );
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).toReversed()) await close();
  }

  async #pass(): Promise<void> {
    await this.clock.advance(15);
    await delay(1);
  }

  #directory(): string {
    const directory = temporaryDirectory();
    this.#closing.push(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  }

  #trustIn(directory: string): Trust | undefined {
    const store = TrustStore.open(directory);
    if (store === undefined) return undefined;
    const trust = Trust.load(
      { store, clock: this.clock, logger: silentLogger },
      { buildDateMs: TEST_BUILD_MS },
    );
    trust.close();
    return trust;
  }
}

/** The mesh secrets of a member, without the service that keeps them on a disk. */
export async function knownSecrets(trust: Trust, key: NodeKey): Promise<KnownSecrets> {
  let newest = await ownMeshSecret(trust.view, key);
  trust.observe((view) => {
    if (!view.members.has(key.node)) return;
    void ownMeshSecret(view, key).then((secret) => {
      newest = secret;
    });
  });
  return {
    get newest() {
      return newest;
    },
    contested: false,
  };
}

/** The first admin of a mesh. */
export function actingAs(trust: Trust): Acting {
  const [user] = trust.view.users.values();
  if (user === undefined) throw new Error("the mesh has no user");
  const principal: Acting["principal"] = {
    userId: user.id,
    userName: user.name,
    roles: user.roles,
    rules: [{ verbs: ["*"], resources: ["*"] }],
    via: "session",
    credentialId: "test",
    idleExpiresAt: null,
    expiresAt: null,
    canUnseal: true,
  };
  return { ...ORIGIN, principal };
}

export const password = TEST_PASSWORD;
