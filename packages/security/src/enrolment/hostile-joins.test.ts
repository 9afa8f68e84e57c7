import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { generateKeyPair, generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { AddressBook, type Network, openGate } from "@pi-controller/mesh";
import { libp2pRequests } from "@pi-controller/mesh/libp2p";
import {
  type Clock,
  type Random,
  randomInteger,
  seededRandom,
  shuffle,
  silentLogger,
  systemClock,
  VirtualClock,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSeed, newSetupCode, newTokenId, toBase64Url } from "../crypto/index.ts";
import { type TestNode, testNode, testSeed } from "../crypto/testing.ts";
import { meshSecretStatements } from "../trust/building/mesh-secrets.ts";
import { PasswordKeyring } from "../trust/keyring.ts";
import type { StatementOf } from "../trust/statements.ts";
import { TEST_BUILD_MS, type TestMesh, temporaryDirectory, testMesh } from "../trust/testing.ts";
import { DirectNetwork } from "./direct-network.fixture.ts";
import { type Ask, type HostileAttempt, hostileAttempts, type Loot } from "./hostile-attempts.fixture.ts";
import { Enrolment } from "./member/enrolment.ts";
import { UnclaimedNode } from "./pending/unclaimed-node.ts";
import { actingAs, knownSecrets, password, TestDiscovery, withoutEffect } from "./testing.ts";

const SEED = 3;
/** Together 100,000. */
const IN_PROCESS = 99_600;
const OVER_LIBP2P = 400;
const MEGABYTE = 1024 * 1024;

const victim = testNode("victim");
const attempts = Object.entries(hostileAttempts);

let mesh: TestMesh;
let otherMesh: TestMesh;
let directory: string;
let stored: string[];

beforeEach(async () => {
  mesh = await testMesh("mesh");
  otherMesh = await testMesh("other mesh");
  directory = temporaryDirectory();
  stored = [];
});

afterEach(() => {
  mesh.dispose();
  otherMesh.dispose();
  rmSync(directory, { recursive: true, force: true });
});

// What is garbage already says nothing about what is kept.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that this process really holds. */
function heldBytes(): number {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Buffers are given back a moment after they were found to be garbage. */
async function expectHeld(limit: number): Promise<void> {
  for (let tries = 0; tries < 50 && heldBytes() > limit; tries++) await delay(20);
  expect(heldBytes(), `seed ${SEED}`).toBeLessThanOrEqual(limit);
}

/** Statements of a mesh in which the victim has an entry that its authority signed, and its mesh secret. */
async function bundleWithVictim({ trust, authority, founded }: TestMesh, { key, node }: TestNode) {
  const entry: StatementOf<"member"> = {
    kind: "member",
    version: 1,
    issuedAt: "2026-06-01T00:00:00.000Z",
    node,
    boxKey: toBase64Url(key.box.publicKey),
    admittedBy: { kind: "authority", user: authority.user.user.id },
  };
  const secrets = await meshSecretStatements(trust, [entry], founded.meshSecret, authority);
  const envelopes = [...trust.envelopes(), trust.sign(entry, [authority]), ...secrets];
  return { meshId: trust.meshId, envelopes };
}

function unclaimedNode(network: DirectNetwork | Network, clock: VirtualClock, token: Token): UnclaimedNode {
  return new UnclaimedNode(
    {
      network,
      nodeKey: victim.key,
      clock,
      logger: silentLogger,
      secrets: { setupCode: newSetupCode(), joinToken: token },
      hasher: { derive: () => Promise.reject(new Error("no passwords here")) },
      createRoot: () => Promise.reject(new Error("no mesh is made here")),
      store: async (meshId) => void stored.push(meshId),
    },
    { dataDirectory: directory, name: "pi-new", board: "Pi", buildDateMs: TEST_BUILD_MS },
  );
}

type Token = { readonly id: string; readonly seed: Uint8Array; readonly meshId: string };

/** A member's side that reaches the victim through networks that `open` gives. */
async function memberOf(clock: Clock, discovery: TestDiscovery, open: () => Promise<Network>) {
  const { trust, hasher, node } = mesh;
  return new Enrolment({
    ...withoutEffect,
    trust,
    keyring: new PasswordKeyring({ trust, hasher }),
    nodeKey: node.key,
    secrets: await knownSecrets(trust, node.key),
    clock,
    random: seededRandom(SEED),
    logger: silentLogger,
    discovery,
    openPendingNetwork: open,
    aliveMembers: () => [node.node],
  });
}

/** An attempt of a member that knows the code, as it went over the wire; it is cut off before its last message. */
async function record(clock: Clock, node: UnclaimedNode, send: Ask, as: NodeId) {
  const recorded: { method: string; payload: Uint8Array }[] = [];
  const { envelopes } = await bundleWithVictim(mesh, victim);
  const discovery = new TestDiscovery();
  const network = {
    ...new DirectNetwork(victim.node).contact(as, ""),
    request: async (_peer: NodeId, method: string, payload: Uint8Array) => {
      recorded.push({ method, payload });
      if (method === "enrolment.admit") throw new MeshError("UNAVAILABLE", "cut off");
      return send(method, payload);
    },
  };
  const enrolment = await memberOf(clock, discovery, async () => network);
  discovery.found({ peer: victim.node, addresses: ["/ip4/127.0.0.1/tcp/1"], name: "pi-new" });
  const approving = enrolment.approve(victim.node, { code: node.setupCode, password }, actingAs(mesh.trust));
  await expect(approving).rejects.toThrow();
  expect(recorded.map(({ method }) => method)).toEqual([
    "enrolment.hello",
    "enrolment.prove",
    "enrolment.admit",
  ]);
  return { recorded, envelopes };
}

async function lootOf(recording: Awaited<ReturnType<typeof record>>, token: Token): Promise<Loot> {
  return {
    pending: victim.node,
    mesh: { meshId: mesh.trust.meshId, envelopes: recording.envelopes },
    otherMesh: await bundleWithVictim(otherMesh, victim),
    otherCode: newSetupCode(),
    tokenId: token.id,
    otherTokenId: newTokenId(),
    recorded: recording.recorded,
  };
}

/** One attack of each kind in turn, in an order by chance; counts how each ended. */
class Attack {
  readonly outcomes = new Map<string, number>();
  #waiting: typeof attempts = [];

  readonly #loot: Loot;
  readonly #random: Random;

  constructor(loot: Loot, random: Random) {
    this.#loot = loot;
    this.#random = random;
  }

  async next(ask: Ask, self: NodeId): Promise<void> {
    if (this.#waiting.length === 0) this.#waiting = shuffle(this.#random, attempts);
    const [name, attempt] = this.#waiting.pop() as (typeof attempts)[number];
    const outcome = await attempt(ask, self, this.#loot, this.#random).then(
      () => "not refused",
      (error: unknown) => (error instanceof MeshError ? error.code : `not handled: ${String(error)}`),
    );
    const key = outcome.startsWith("not") ? `${outcome} (${name})` : outcome;
    this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
  }
}

describe("a pending node among hostile peers", () => {
  it("admits none of 99,600 attempts, keeps nothing of them, and is approved right after", async () => {
    const random = seededRandom(SEED);
    const clock = new VirtualClock();
    const network = new DirectNetwork(victim.node);
    const token = { id: newTokenId(), seed: newSeed(), meshId: mesh.trust.meshId };
    const node = unclaimedNode(network, clock, token);
    await node.start();
    const strangers = Array.from({ length: 200 }, (_, index) => testNode(`stranger ${index}`).node);
    const member = testNode("recorded member").node;
    const recording = await record(
      clock,
      node,
      (method, payload) => network.ask(member, "192.0.2.1", method, payload),
      member,
    );
    const attack = new Attack(await lootOf(recording, token), random);
    const strike = async (address: string) => {
      const stranger = strangers[randomInteger(random, strangers.length)] as NodeId;
      await attack.next((method, payload) => network.ask(stranger, address, method, payload), stranger);
    };
    // Time passes, so that limits on how often something may be tried do not hide what is behind them.
    const strikeFromAnywhere = async () => {
      await clock.advance(40);
      await strike(`10.0.${randomInteger(random, 16)}.${randomInteger(random, 256)}`);
    };
    const warmUp = 5_000;
    for (let count = 0; count < warmUp; count++) await strikeFromAnywhere();
    const before = heldBytes();
    for (let count = warmUp; count < IN_PROCESS; count++) await strikeFromAnywhere();
    await expectHeld(before + 2 * MEGABYTE);

    expect(stored).toEqual([]);
    const outcomes = [...attack.outcomes];
    expect(outcomes.filter(([outcome]) => outcome.startsWith("not"))).toEqual([]);
    // So many have come as far as a proof that was compared.
    expect(attack.outcomes.get("UNAUTHENTICATED")).toBeGreaterThan(1_000);
    expect(attack.outcomes.get("FAILED_PRECONDITION")).toBeGreaterThan(1_000);

    // One of them goes on and on, from one address; the owner comes from another one.
    const discovery = new TestDiscovery();
    discovery.found({ peer: victim.node, addresses: ["/ip4/127.0.0.1/tcp/1"], name: "pi-new" });
    const owner = network.contact(testNode("owner's contact").node, "192.0.2.7");
    const enrolment = await memberOf(clock, discovery, async () => owner);
    const approving = enrolment.approve(
      victim.node,
      { code: node.setupCode, password },
      actingAs(mesh.trust),
    );
    let settled = false;
    void approving.finally(() => {
      settled = true;
    });
    const startedMs = clock.monotonic();
    while (!settled) {
      await strike("10.0.99.99");
      await clock.advance(5);
      await delay(0);
    }
    await approving;
    expect(clock.monotonic() - startedMs).toBeLessThan(10_000);
    expect(stored).toEqual([mesh.trust.meshId]);
    await node.stop();
  }, 60_000);

  it("admits none of 400 attempts over libp2p, and is approved when the lock-out is over", async () => {
    const random = seededRandom(SEED);
    const clock = new VirtualClock();
    const privateKey = await generateKeyPairFromSeed("Ed25519", testSeed("node victim"));
    const { network } = libp2pNode(privateKey, ["/ip4/127.0.0.1/tcp/0"]);
    const token = { id: newTokenId(), seed: newSeed(), meshId: mesh.trust.meshId };
    const node = unclaimedNode(network, clock, token);
    await network.start(new AbortController().signal);
    await node.start();
    const hostile = await Promise.all(Array.from({ length: 4 }, () => contactTo(network)));
    const member = await contactTo(network);
    const askAs = (stranger: Network) => (method: string, payload: Uint8Array) =>
      stranger.request(victim.node, method, payload, { timeoutMs: 5_000 });
    const recording = await record(systemClock(), node, askAs(member), member.self);
    const loot = await lootOf(recording, token);
    const attack = new Attack(loot, random);
    const before = heldBytes();
    for (let count = 0; count < OVER_LIBP2P; count++) {
      const stranger = hostile[randomInteger(random, hostile.length)] as Network;
      await clock.advance(1_000);
      await attack.next(askAs(stranger), stranger.self);
    }
    expect(stored).toEqual([]);
    expect([...attack.outcomes.keys()].filter((outcome) => outcome.startsWith("not"))).toEqual([]);
    // All come from one address, which is locked out most of the time.
    expect(attack.outcomes.get("UNAUTHENTICATED")).toBeGreaterThan(1);
    await expectHeld(before + 4 * MEGABYTE);

    const discovery = new TestDiscovery();
    discovery.found({ peer: victim.node, addresses: network.status().addresses, name: "pi-new" });
    const enrolment = await memberOf(systemClock(), discovery, () => contactTo(network));
    const approve = () =>
      enrolment.approve(victim.node, { code: node.setupCode, password }, actingAs(mesh.trust));
    // All came from this machine, and so does its owner: an hour is the longest that he is locked out.
    const wrongCode = hostileAttempts["a wrong code, then an admission all the same"] as HostileAttempt;
    for (let count = 0; count < 5; count++) {
      await clock.advance(1_000);
      await wrongCode(askAs(member), member.self, loot, random).catch(() => undefined);
    }
    await expect(approve()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await clock.advance(3_600_000);
    await approve();
    expect(stored).toEqual([mesh.trust.meshId]);
    for (const stranger of [member, ...hostile]) await stranger.stop();
    await node.stop();
    await network.stop();
  }, 60_000);
});

function libp2pNode(privateKey: Awaited<ReturnType<typeof generateKeyPair>>, listen: readonly string[]) {
  return libp2pRequests(
    {
      privateKey,
      addressBook: new AddressBook(),
      clock: systemClock(),
      gate: openGate,
      logger: silentLogger,
    },
    { listen, meshName: "pending", maxConnections: 50 },
  );
}

/** A started network of its own, connected to the victim. */
async function contactTo(pending: Network): Promise<Network> {
  const { network } = libp2pNode(await generateKeyPair("Ed25519"), []);
  await network.start(new AbortController().signal);
  await network.dial({ addresses: pending.status().addresses }, 5_000);
  return network;
}
