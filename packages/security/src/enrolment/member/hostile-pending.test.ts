import type { Network } from "@pi-controller/mesh";
import { type Random, randomInteger, seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newSetupCode, parseJoinToken, toBase64Url } from "../../crypto/index.ts";
import { testNode } from "../../crypto/testing.ts";
import { wipePaths } from "../../files/wipe-paths.ts";
import { TEST_BUILD_MS, type TestMesh, temporaryDirectory, testMesh } from "../../trust/testing.ts";
import { DirectNetwork } from "../direct-network.fixture.ts";
import { UnclaimedNode } from "../pending/unclaimed-node.ts";
import { actingAs, knownSecrets, TestDiscovery, withoutEffect } from "../testing.ts";
import { Enrolment } from "./enrolment.ts";

const SEED = 11;
const node = testNode("genuine");
const evil = testNode("evil");

/** Stands between a member and a pending node, and answers in its place. */
type Answer = (method: string, payload: Uint8Array) => Promise<Uint8Array>;

let mesh: TestMesh;
let directory: string;
let network: DirectNetwork;
let pending: UnclaimedNode;
let stored: string[];

beforeEach(async () => {
  mesh = await testMesh();
  directory = temporaryDirectory();
  stored = [];
});

afterEach(async () => {
  await pending.stop();
  mesh.dispose();
  await wipePaths([directory]);
});

async function startPending(clock: VirtualClock, joinToken?: string): Promise<void> {
  network = new DirectNetwork(node.node);
  pending = new UnclaimedNode(
    {
      network,
      nodeKey: node.key,
      clock,
      logger: silentLogger,
      secrets: {
        setupCode: newSetupCode(),
        joinToken: joinToken === undefined ? undefined : parseJoinToken(joinToken),
      },
      hasher: { derive: () => Promise.reject(new Error("no passwords here")) },
      createRoot: () => Promise.reject(new Error("no mesh is made here")),
      store: async (meshId) => void stored.push(meshId),
    },
    { dataDirectory: directory, name: "pi-new", board: "Pi", buildDateMs: TEST_BUILD_MS },
  );
  await pending.start();
}

/** A member to whom `answer` is the pending node of this id. */
async function memberOf(clock: VirtualClock, id: NodeId, answer: (self: NodeId) => Answer) {
  const discovery = new TestDiscovery();
  let contacts = 0;
  const openPendingNetwork = async (): Promise<Network> => {
    const self = testNode(`contact ${contacts++ % 10}`).node;
    const send = answer(self);
    return {
      ...new DirectNetwork(id).contact(self, ""),
      request: (_peer, method, payload) => send(method, payload),
    };
  };
  const enrolment = new Enrolment({
    ...withoutEffect,
    trust: mesh.trust,
    // What a password costs is not what is tried here.
    keyring: {
      unlockUser: () => Promise.reject(new Error("no users here")),
      unlockAuthority: async () => ({ ...mesh.authority, wipe() {} }),
    },
    nodeKey: mesh.node.key,
    secrets: await knownSecrets(mesh.trust, mesh.node.key),
    clock,
    random: seededRandom(SEED),
    logger: silentLogger,
    discovery,
    openPendingNetwork,
    aliveMembers: () => [mesh.node.node],
  });
  const announce = (joinToken?: string) =>
    discovery.found({
      peer: id,
      addresses: ["/ip4/10.0.0.1/tcp/4101"],
      name: "pi-new",
      ...(joinToken === undefined ? {} : { joinToken }),
    });
  return { enrolment, announce };
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = randomInteger(random, copy.length);
  switch (randomInteger(random, 3)) {
    case 0:
      return copy.subarray(0, index);
    case 1:
      copy[index] = (copy[index] ?? 0) ^ (1 << randomInteger(random, 8));
      return copy;
    default:
      // One character for another keeps it JSON most of the time.
      copy[index] = "0aA9_-".charCodeAt(randomInteger(random, 6));
      return copy;
  }
}

/** Lets time pass until it has settled. @returns the code of its error, or `done` */
async function outcomeOf(promise: Promise<unknown>, clock: VirtualClock): Promise<string> {
  let settled = false;
  const outcome = promise.then(
    () => "done",
    (error: unknown) => (error instanceof MeshError ? error.code : `not handled: ${String(error)}`),
  );
  void outcome.then(() => {
    settled = true;
  });
  while (!settled) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return outcome;
}

describe("a member that speaks to a hostile pending node", () => {
  it("enters nobody who does not prove to know the code, whatever he answers", async () => {
    const clock = new VirtualClock();
    const random = seededRandom(SEED);
    await startPending(clock);
    const code = pending.setupCode;
    const { enrolment, announce } = await memberOf(clock, node.node, (self) => async (method, payload) => {
      // Were it admitted, it would be over: nothing but answers to what comes before is tried.
      if (method === "enrolment.admit") throw new MeshError("UNAVAILABLE", "cut off");
      const address = `10.0.${randomInteger(random, 256)}.${randomInteger(random, 256)}`;
      const answer = await network.ask(self, address, method, payload);
      return random.next() < 0.6 ? mutated(answer, random) : answer;
    });
    announce();
    const outcomes = new Set<string>();
    for (let count = 0; count < 400; count++) {
      await clock.advance(2_000);
      const approving = enrolment.approve(node.node, { code, password: "x" }, actingAs(mesh.trust));
      outcomes.add(await outcomeOf(approving, clock));
      const entry = mesh.trust.view.members.get(node.node);
      // Changes to what is only shown do not matter; those to what the proof covers do.
      const boxKey = toBase64Url(node.key.box.publicKey);
      expect([undefined, boxKey], `seed ${SEED}, attempt ${count}`).toContain(entry?.boxKey);
    }
    expect([...outcomes].filter((outcome) => outcome.startsWith("not"))).toEqual([]);
    expect([...outcomes]).toContain("INVALID_ARGUMENT");
    expect([...outcomes]).toContain("FAILED_PRECONDITION");
  });

  it("enters nobody whose join token did not sign what he answers", async () => {
    const clock = new VirtualClock();
    const random = seededRandom(SEED);
    const { enrolment: maker } = await memberOf(
      clock,
      node.node,
      () => () => Promise.reject(new Error("none")),
    );
    const request = { expiresInHours: 8_760, uses: 1, password: "x" };
    const { id, token } = await maker.createJoinToken(request, actingAs(mesh.trust));
    await startPending(clock, token);
    let asked = 0;
    const { enrolment, announce } = await memberOf(clock, node.node, (self) => async (method, payload) => {
      if (method === "enrolment.admit") throw new MeshError("UNAVAILABLE", "cut off");
      asked++;
      const answer = await network.ask(self, `10.0.${asked >> 8}.${asked & 0xff}`, method, payload);
      return mutated(answer, random);
    });
    await enrolment.start();
    announce(id);
    const boxKey = toBase64Url(node.key.box.publicKey);
    for (let count = 0; count < 20_000 && asked < 150; count++) {
      await clock.advance(5_000);
      await new Promise((resolve) => setImmediate(resolve));
      const entry = mesh.trust.view.members.get(node.node);
      expect([undefined, boxKey], `seed ${SEED}`).toContain(entry?.boxKey);
      if (entry !== undefined) expect(entry.admittedBy).toMatchObject({ token: id, sponsor: mesh.node.node });
    }
    expect(asked).toBe(150);
    await enrolment.stop();
  });

  it("is not used by somebody in between to be admitted, or to have the real node join another mesh", async () => {
    const clock = new VirtualClock();
    await startPending(clock);
    const relayed: string[] = [];
    // It knows every message, and both sides take it for the other one: by its own id, as Noise proves.
    const { enrolment, announce } = await memberOf(clock, evil.node, () => async (method, payload) => {
      const answer = network.ask(evil.node, "10.0.0.66", method, payload);
      relayed.push(
        `${method} ${await answer.then(
          () => "answered",
          (error: MeshError) => error.code,
        )}`,
      );
      return answer;
    });
    announce();
    const code = pending.setupCode;
    const approving = enrolment.approve(evil.node, { code, password: "x" }, actingAs(mesh.trust));
    expect(await outcomeOf(approving, clock)).toBe("INVALID_ARGUMENT");
    expect(relayed).toEqual(["enrolment.hello answered", "enrolment.prove UNAUTHENTICATED"]);
    expect([mesh.trust.view.members.size, stored]).toEqual([1, []]);
  });
});
