import { randomInteger, seededRandom } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { afterEach, describe, expect, it } from "vitest";
import { toBase64Url } from "../crypto/encoding.ts";
import { signingKey } from "../crypto/signing-keys.ts";
import { testNode, testSeed } from "../crypto/testing.ts";
import { TrustIntroduction } from "./introduction.ts";
import { type TestMesh, testMesh } from "./testing.ts";
import type { Trust } from "./trust.ts";

const meshes: TestMesh[] = [];
afterEach(() => {
  for (const mesh of meshes.splice(0)) mesh.dispose();
});

async function newMesh(): Promise<TestMesh> {
  const mesh = await testMesh();
  meshes.push(mesh);
  return mesh;
}

async function admit({ trust, authority }: TestMesh, count: number, to: Trust = trust): Promise<void> {
  const admittedBy = { kind: "authority", user: authority.user.user.id } as const;
  const envelopes = Array.from({ length: count }, (_, index) => {
    const { node, key } = testNode(`member ${index}`);
    const boxKey = toBase64Url(key.box.publicKey);
    return to.sign({ kind: "member", node, boxKey, admittedBy }, [authority]);
  });
  await to.merge(envelopes);
}

/** Has `one` ask `other`; counts the requests. */
async function introduce(one: Trust, other: Trust): Promise<number> {
  const answerer = new TrustIntroduction({ trust: other });
  let requests = 0;
  await new TrustIntroduction({ trust: one }).introduce("other", (payload) => {
    requests++;
    return answerer.answer("one", payload);
  });
  return requests;
}

describe("TrustIntroduction", () => {
  it("ends with one question when both hold the same", async () => {
    const mesh = await newMesh();
    expect(await introduce(mesh.trust, mesh.another())).toBe(1);
  });

  it("brings each side what it lacks", async () => {
    const mesh = await newMesh();
    const other = mesh.another();
    await admit(mesh, 2);
    await admit(mesh, 3, other);
    expect(await introduce(mesh.trust, other)).toBe(3 - 1);
    expect(await introduce(other, mesh.trust)).toBe(1);
    expect(mesh.trust.hash).toBe(other.hash);
    expect(mesh.trust.view.members.size).toBe(4);
  });

  it("takes as many requests as there are pages", async () => {
    const mesh = await newMesh();
    const other = mesh.another();
    await admit(mesh, 2_100);
    expect(await introduce(other, mesh.trust)).toBe(3);
    expect(other.hash).toBe(mesh.trust.hash);
  }, 60_000);

  it("refuses who belongs to another mesh", async () => {
    const [one, other] = [await newMesh(), await newMesh()];
    await expect(introduce(one.trust, other.trust)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  it("answers nonsense with an error, and takes none", async () => {
    const { trust } = await newMesh();
    const introduction = new TrustIntroduction({ trust });
    const hash = trust.hash;
    const genuine = Buffer.from(JSON.stringify({ kind: "hello", meshId: trust.meshId, hash: "other" }));
    const answer = Buffer.from(await introduction.answer("one", genuine));
    const page = Buffer.from(
      await introduction.answer(
        "one",
        Buffer.from(JSON.stringify({ kind: "fetch", keys: ["genesis", "authority"] })),
      ),
    );
    const seed = 42;
    const random = seededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const source = [genuine, answer, page][round % 3] ?? genuine;
      const bytes = Buffer.from(source.subarray(0, randomInteger(random, source.length + 1)));
      if (bytes.length > 0) bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
      try {
        await introduction.answer("one", bytes);
        await introduction.introduce("one", async () => (round % 2 === 0 ? bytes : source));
      } catch (error) {
        expect(error, `seed ${seed}`).toBeInstanceOf(MeshError);
      }
      expect(trust.hash, `seed ${seed}`).toBe(hash);
    }
  });

  it("gives up on a peer that sends more than it was asked for", async () => {
    const { trust } = await newMesh();
    const introduction = new TrustIntroduction({ trust });
    for (const page of [
      { kind: "envelopes", answered: 1, envelopes: Array(2_000).fill(0) },
      { kind: "envelopes", answered: 4, envelopes: [] },
    ]) {
      let requests = 0;
      const asked = introduction.introduce("one", async () => {
        const entries = ["a", "b", "c"].map((name) => [`member/${name}`, "d"]);
        return Buffer.from(JSON.stringify(requests++ === 0 ? { kind: "index", entries } : page));
      });
      await expect(asked).rejects.toMatchObject({ code: "DATA_LOSS" });
      expect(requests).toBe(2);
    }
  });

  it("leaves the machine its turns while it verifies what somebody has made up by the thousand", async () => {
    const { trust, authority } = await newMesh();
    const forger = signingKey({ kind: "authority" }, testSeed("forger"));
    const user = authority.user.user.id;
    const forged = Array.from({ length: 1_000 }, (_, index) =>
      trust.sign({ kind: "role", name: `role-${index}`, description: user, rules: [], deleted: false }, [
        forger,
      ]),
    );
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const { accepted, rejected } = await trust.merge(forged);
    done = true;
    expect([accepted.length, rejected.length]).toEqual([0, 1_000]);
    expect(turns).toBeGreaterThan(5);
  });

  it("gives up on a peer that promises statements and sends none", async () => {
    const { trust } = await newMesh();
    const introduction = new TrustIntroduction({ trust });
    let requests = 0;
    const asked = introduction.introduce("one", async () => {
      const answers = [
        { kind: "index", entries: [["member/x", "d"]] },
        { kind: "envelopes", answered: 0, envelopes: [] },
      ];
      return Buffer.from(JSON.stringify(answers[Math.min(requests++, 1)]));
    });
    await expect(asked).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect(requests).toBe(2);
  });
});
