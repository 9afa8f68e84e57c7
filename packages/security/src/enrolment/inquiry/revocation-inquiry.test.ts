import { seededRandom, silentLogger, VirtualClock } from "@pi-controller/runtime";
import { MeshError, type RevocationQuestion } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toBase64Url } from "../../crypto/index.ts";
import { type TestNode, testNode } from "../../crypto/testing.ts";
import { departureStatement, revocationStatements } from "../../trust/building/revocation.ts";
import { TEST_START_MS, type TestMesh, testMesh } from "../../trust/testing.ts";
import type { Trust } from "../../trust/trust.ts";
import { RevocationAnswers } from "../member/revocation-answers.ts";
import { revocationQuestionBytes } from "../protocol/revocation-question.ts";
import { RevocationInquiry, type Witness } from "./revocation-inquiry.ts";

const ADDRESS = "192.0.2.1";
const [lost, other] = [testNode("lost"), testNode("other")];
let mesh: TestMesh;
/** What the node that is out of reach knows. */
let known: Trust;
let answers: RevocationAnswers;
let clock: VirtualClock;

beforeEach(async () => {
  mesh = await testMesh();
  clock = new VirtualClock(TEST_START_MS);
  const user = mesh.authority.user.user.id;
  for (const { node, key } of [lost, other]) {
    const boxKey = toBase64Url(key.box.publicKey);
    const entry = { kind: "member" as const, node, boxKey, admittedBy: { kind: "authority" as const, user } };
    await mesh.trust.publish([mesh.trust.sign(entry, [mesh.authority])]);
  }
  known = mesh.another();
  answers = new RevocationAnswers({ trust: mesh.trust, clock });
});
afterEach(() => mesh.dispose());

async function revoke({ node }: TestNode): Promise<void> {
  const { authority, trust } = mesh;
  await trust.publish(await revocationStatements(trust, trust.view, node, "stolen", authority));
}

function questionOf({ node, key }: TestNode, meshId = mesh.trust.view.meshId): RevocationQuestion {
  return { node, signature: toBase64Url(key.sign(revocationQuestionBytes(meshId, node))) };
}

describe("RevocationAnswers", () => {
  it("give a node that was revoked the proof of it, and nothing else", async () => {
    await revoke(lost);
    const { envelopes } = answers.answer(questionOf(lost), ADDRESS);
    expect(envelopes).toEqual(mesh.trust.envelopes([`revocation/${lost.node}`]));
    expect(envelopes).toHaveLength(1);
  });

  it("give a member the mesh secret that is sealed to it, and nothing else", async () => {
    await revoke(other);
    const { envelopes } = answers.answer(questionOf(lost), ADDRESS);
    expect(envelopes).toEqual(mesh.trust.envelopes([`mesh-secret/${lost.node}`]));
    expect(envelopes).toHaveLength(1);
  });

  it("give nothing to strangers, and whoever asks in another one's name or of another mesh", async () => {
    await revoke(lost);
    const questions = [
      questionOf(testNode("stranger")),
      { ...questionOf(other), node: lost.node },
      { ...questionOf(lost), signature: "A".repeat(86) },
      questionOf(lost, "0".repeat(32)),
    ];
    for (const question of questions) expect(answers.answer(question, ADDRESS)).toEqual({ envelopes: [] });
  });

  it("are few: to one address, and to all of them", async () => {
    await revoke(lost);
    const given = (address: (index: number) => string) => {
      let count = 0;
      for (let index = 0; index < 1_000; index++) {
        try {
          count += answers.answer(questionOf(lost), address(index)).envelopes.length;
        } catch (error) {
          expect(error).toMatchObject({
            code: "RESOURCE_EXHAUSTED",
            details: { retryAfterMs: expect.any(Number) },
          });
        }
      }
      return count;
    };
    expect(given(() => ADDRESS)).toBe(10);
    expect(given((index) => `192.0.${index >> 8}.${index & 255}`)).toBeLessThanOrEqual(50);
    await clock.advance(60_000);
    expect(given(() => ADDRESS)).toBe(10);
  });
});

describe("RevocationInquiry", () => {
  const asked: string[] = [];
  let inquiry: RevocationInquiry | undefined;
  afterEach(async () => {
    await inquiry?.stop();
    asked.length = 0;
  });

  /** Of the node that is out of reach; whoever is asked answers what `answer` says. */
  async function start(
    witnesses: readonly Witness[],
    answer: (question: RevocationQuestion, origin: string, signal: AbortSignal) => unknown = (question) =>
      answers.answer(question, ADDRESS),
    trust: Pick<Trust, "view" | "merge"> = known,
  ): Promise<void> {
    inquiry = new RevocationInquiry({
      trust,
      nodeKey: lost.key,
      witnesses: () => witnesses,
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      async ask(origin, question, signal) {
        asked.push(origin);
        return answer(question, origin, signal);
      },
    });
    await inquiry.start();
  }

  const isRevoked = () => known.view.revocations.has(lost.node) && !known.view.members.has(lost.node);
  const member: Witness = { id: other.node, origins: ["https://other"] };

  it("hears of the revocation of its node from a member that is out of reach, and asks no more", async () => {
    await revoke(lost);
    await start([member]);
    await clock.advance(5_000);
    expect(isRevoked()).toBe(true);
    expect(asked).toEqual(["https://other"]);
    await clock.advance(3_600_000);
    expect(asked).toHaveLength(1);
  });

  it("is given the mesh secret that its node lacks, as after its card was set back", async () => {
    await revoke(other);
    expect(known.view.meshSecrets.get(lost.node)?.epoch).toBeUndefined();
    await start([{ id: mesh.node.node, origins: ["https://first"] }]);
    await clock.advance(5_000);
    expect(known.view.meshSecrets.get(lost.node)?.epoch).toBe(2);
    expect(known.view.members.has(lost.node)).toBe(true);
  });

  it("asks nobody while everybody is in reach", async () => {
    await start([]);
    await clock.advance(3_600_000);
    expect(asked).toEqual([]);
  });

  it("asks again, and wherever else a member may answer, when nobody does", async () => {
    await revoke(lost);
    let isUp = false;
    await start([{ id: other.node, origins: ["https://old", "https://new"] }], (question, origin) => {
      if (!isUp || origin === "https://old") throw new MeshError("UNAVAILABLE", "nobody there");
      return answers.answer(question, ADDRESS);
    });
    await clock.advance(60_000);
    expect(isRevoked()).toBe(false);
    isUp = true;
    await clock.advance(120_000);
    expect(isRevoked()).toBe(true);
    expect(new Set(asked)).toEqual(new Set(["https://old", "https://new"]));
  });

  it("stays a member as long as it is one, whatever it is answered", async () => {
    await revoke(other);
    const forged = departureStatement(mesh.trust, mesh.trust.view, mesh.node.key);
    const [entry] = mesh.trust.envelopes([`member/${lost.node}`]);
    const [ofOther] = mesh.trust.envelopes([`revocation/${other.node}`]);
    const lies = [
      { envelopes: [{ ...ofOther, statement: ofOther?.statement.replaceAll(other.node, lost.node) }] },
      { envelopes: [forged, ofOther] },
      { envelopes: [entry, entry, entry] },
      { envelopes: [{ statement: "{", signatures: entry?.signatures }] },
      { envelopes: "all" },
      "no",
      undefined,
    ];
    const before = known.hash;
    await start([member], () => lies[asked.length % lies.length]);
    await clock.advance(6 * 3_600_000);
    expect(asked.length).toBeGreaterThan(lies.length);
    // Not even what is true and not its own: who says so has not proven who he is.
    expect(known.hash).toBe(before);
    expect(known.view.members.has(lost.node)).toBe(true);
  });

  it("asks no faster when it cannot store what it is told", async () => {
    await revoke(lost);
    const full = {
      view: known.view,
      merge: () => Promise.reject(new MeshError("UNAVAILABLE", "the disk is full")),
    };
    await start([member], undefined, full);
    await clock.advance(60_000);
    expect(asked.length).toBeGreaterThan(1);
    expect(asked.length).toBeLessThan(6);
  });

  it("ends at once when it is stopped while it asks", async () => {
    const given = Promise.withResolvers<never>();
    await start([member], (_question, _origin, signal) => {
      signal.addEventListener("abort", () => given.reject(new MeshError("UNAVAILABLE", "given up")));
      return given.promise;
    });
    await clock.advance(5_000);
    expect(asked).toHaveLength(1);
    await inquiry?.stop();
  });
});
