import { rmSync } from "node:fs";
import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { AddressBook, type Network, openGate } from "@pi-controller/mesh";
import { libp2pRequests } from "@pi-controller/mesh/libp2p";
import { seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import { afterEach, expect, it } from "vitest";
import {
  type JoinTokenSecret,
  type NodeKey,
  newSetupCode,
  nodeKeyOf,
  PasswordHasher,
  parseJoinToken,
} from "../crypto/index.ts";
import { PasswordKeyring } from "../trust/keyring.ts";
import { TEST_BUILD_MS, TEST_PASSWORD, temporaryDirectory, testCost } from "../trust/testing.ts";
import { Trust } from "../trust/trust.ts";
import { TrustStore } from "../trust/trust-store.ts";
import { Enrolment } from "./member/enrolment.ts";
import { UnclaimedNode } from "./pending/unclaimed-node.ts";
import { actingAs, knownSecrets, ORIGIN, TestDiscovery, withoutEffect } from "./testing.ts";

const clock = systemClock();
const closing: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Machine {
  readonly key: NodeKey;
  readonly network: Network;
  readonly unclaimed: UnclaimedNode;
  trust(): Trust;
}

async function openNetwork(listen: readonly string[]) {
  const privateKey = await generateKeyPair("Ed25519");
  const { network } = libp2pRequests(
    { privateKey, addressBook: new AddressBook(), clock, gate: openGate, logger: silentLogger },
    { listen, meshName: "pending", maxConnections: 10 },
  );
  await network.start(new AbortController().signal);
  return { privateKey, network };
}

async function unclaimedMachine(name: string, joinToken?: JoinTokenSecret): Promise<Machine> {
  const { network, privateKey } = await openNetwork(["/ip4/127.0.0.1/tcp/0"]);
  const key = nodeKeyOf(peerIdFromPrivateKey(privateKey).toString(), privateKey);
  const dataDirectory = temporaryDirectory();
  const unclaimed = new UnclaimedNode(
    {
      network,
      nodeKey: key,
      clock,
      logger: silentLogger,
      secrets: { setupCode: newSetupCode(), joinToken },
      hasher: new PasswordHasher({ clock }),
      createRoot: async () => ({ certificatePem: "PEM", privateKeyPkcs8: new Uint8Array(138).fill(3) }),
      store: async (meshId, envelopes) => TrustStore.create(dataDirectory, meshId, envelopes).close(),
    },
    { dataDirectory, name, board: "Pi", buildDateMs: TEST_BUILD_MS, passwordCost: testCost },
  );
  await unclaimed.start();
  closing.push(
    () => rmSync(dataDirectory, { recursive: true, force: true }),
    () => network.stop(),
    () => unclaimed.stop(),
  );
  const trust = () => {
    const store = TrustStore.open(dataDirectory);
    if (store === undefined) throw new Error("it belongs to no mesh");
    const loaded = Trust.load({ store, clock, logger: silentLogger }, { buildDateMs: TEST_BUILD_MS });
    closing.push(() => loaded.close());
    return loaded;
  };
  return { key, network, unclaimed, trust };
}

async function serveEnrolment({ key }: Machine, trust: Trust, discovery: TestDiscovery): Promise<Enrolment> {
  const enrolment = new Enrolment({
    ...withoutEffect,
    trust,
    keyring: new PasswordKeyring({ trust, hasher: new PasswordHasher({ clock }) }),
    nodeKey: key,
    secrets: await knownSecrets(trust, key),
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    discovery,
    openPendingNetwork: async () => (await openNetwork([])).network,
    aliveMembers: () => [key.node],
  });
  await enrolment.start();
  closing.push(() => enrolment.stop());
  return enrolment;
}

it("makes a mesh on one node and takes in a second by its code, and a third by a token, over libp2p", async () => {
  const first = await unclaimedMachine("pi-one");
  const request = {
    code: first.unclaimed.setupCode,
    meshName: "home",
    nodeName: "kitchen",
    userName: "ada",
    password: TEST_PASSWORD,
  };
  const { meshId } = await first.unclaimed.setUp(request, ORIGIN);
  expect(await first.unclaimed.claimed).toEqual({ meshId, by: "set-up", nodeName: "kitchen" });
  const trust = first.trust();
  const discovery = new TestDiscovery();
  const enrolment = await serveEnrolment(first, trust, discovery);

  const second = await unclaimedMachine("pi-two");
  const [address = ""] = second.network.status().addresses;
  const found = await enrolment.lookUp({ address }, actingAs(trust));
  expect(found).toMatchObject({ id: second.key.node, name: "pi-two" });
  const approval = { code: second.unclaimed.setupCode, password: TEST_PASSWORD };
  await enrolment.approve(second.key.node, approval, actingAs(trust));
  expect(await second.unclaimed.claimed).toEqual({ meshId, by: "setup-code", nodeName: undefined });
  expect(second.trust().hash).toBe(trust.hash);

  const tokenRequest = { expiresInHours: 1, uses: 1, password: TEST_PASSWORD };
  const { id, token } = await enrolment.createJoinToken(tokenRequest, actingAs(trust));
  const third = await unclaimedMachine("pi-three", parseJoinToken(token));
  const { addresses } = third.network.status();
  discovery.found({ peer: third.key.node, addresses, name: "pi-three", joinToken: id });
  expect(await third.unclaimed.claimed).toEqual({ meshId, by: "join-token", nodeName: undefined });
  expect(third.trust().hash).toBe(trust.hash);
  expect(trust.view.members.size).toBe(3);
});
