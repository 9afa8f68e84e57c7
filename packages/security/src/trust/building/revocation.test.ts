import { afterEach, describe, expect, it } from "vitest";
import { publicKeyOfSeed } from "../../crypto/ed25519.ts";
import { toBase64Url } from "../../crypto/encoding.ts";
import { joinTokenSigningKey } from "../../crypto/signing-keys.ts";
import { type TestNode, testNode, testSeed } from "../../crypto/testing.ts";
import { coSign } from "../signed-statement.ts";
import { TEST_START_MS, type TestMesh, testMesh } from "../testing.ts";
import { verifyAll } from "../verify-all.ts";
import { departureStatement, revocationStatements } from "./revocation.ts";

const TOKEN = { id: "t0ken00000000001", seed: testSeed("join token") };
const [first, second, third] = [testNode(0), testNode(1), testNode(2)];
let mesh: TestMesh;
afterEach(() => mesh.dispose());

/** A mesh whose second member was approved, and has sponsored the third. */
async function chain(): Promise<TestMesh> {
  const made = await testMesh();
  const { trust, authority } = made;
  const expiresAt = new Date(TEST_START_MS + 86_400_000).toISOString();
  const user = authority.user.user.id;
  const entry = ({ node, key }: TestNode) => ({
    kind: "member" as const,
    node,
    boxKey: toBase64Url(key.box.publicKey),
  });
  const byToken = { kind: "join-token", token: TOKEN.id, sponsor: second.node } as const;
  const half = trust.sign({ ...entry(third), admittedBy: byToken }, [joinTokenSigningKey(TOKEN), third.key]);
  await trust.publish([
    trust.sign({ ...entry(second), admittedBy: { kind: "authority", user } }, [authority]),
    trust.sign(
      {
        kind: "join-token",
        id: TOKEN.id,
        publicKey: toBase64Url(publicKeyOfSeed(TOKEN.seed)),
        label: "",
        createdAt: expiresAt,
        createdBy: user,
        expiresAt,
        uses: 1,
        revoked: false,
      },
      [authority],
    ),
    coSign(half, second.key),
  ]);
  return made;
}

describe("revocationStatements", () => {
  it("end one member, keep whom it sponsored, and give the others a secret that it does not know", async () => {
    mesh = await chain();
    const { trust, authority } = mesh;
    await trust.publish(await revocationStatements(trust, trust.view, second.node, "stolen", authority));
    expect([...trust.view.members.keys()].sort()).toEqual([first.node, third.node].sort());
    expect(trust.view.usesOf(TOKEN.id)).toBe(1);
    const epochs = new Map([...trust.view.meshSecrets].map(([node, { epoch }]) => [node, epoch]));
    expect(epochs).toEqual(
      new Map([
        [first.node, 2],
        [third.node, 2],
      ]),
    );
    await expect(revocationStatements(trust, trust.view, second.node, "", authority)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("end for good who has left by itself, too", async () => {
    mesh = await chain();
    const { trust, authority } = mesh;
    await trust.publish([departureStatement(trust, trust.view, second.key)]);
    await trust.publish(await revocationStatements(trust, trust.view, second.node, "stolen", authority));
    expect(trust.view.revocations.get(second.node)?.by).toBe(authority.user.user.id);
    expect([...trust.view.members.keys()].sort()).toEqual([first.node, third.node].sort());
    expect(trust.view.meshSecrets.get(third.node)?.epoch).toBe(2);
  });
});

describe("a hostile sponsor", () => {
  it("cannot state what it may with a version so high that nobody can be revoked any more", async () => {
    mesh = await chain();
    const { trust, authority } = mesh;
    const box = { encapsulated: "A".repeat(43), sealed: "AAAA" };
    const secret = { kind: "mesh-secret", node: third.node, epoch: 1, box } as const;
    for (const version of [2 ** 32, 2 ** 48]) {
      await trust.merge([trust.sign({ ...secret, version }, [second.key])]);
    }
    await trust.publish(await revocationStatements(trust, trust.view, second.node, "hostile", authority));
    expect([...trust.view.members.keys()].sort()).toEqual([first.node, third.node].sort());
    expect(trust.view.meshSecrets.get(third.node)?.epoch).toBe(2);
  });

  it("cannot have somebody among the members to whose key nothing can be sealed, so that nobody can be revoked", async () => {
    mesh = await chain();
    const { trust, authority } = mesh;
    const fourth = testNode(3);
    const admittedBy = { kind: "join-token", token: TOKEN.id, sponsor: second.node } as const;
    const entry = { kind: "member", node: fourth.node, boxKey: "A".repeat(43), admittedBy } as const;
    const half = trust.sign(entry, [joinTokenSigningKey(TOKEN), fourth.key]);
    await trust.publish([coSign(half, second.key)]);
    await trust.publish(await revocationStatements(trust, trust.view, second.node, "hostile", authority));
    expect(trust.view.members.has(second.node)).toBe(false);
    expect(trust.view.meshSecrets.get(third.node)?.epoch).toBe(2);
  });
});

describe("departureStatement", () => {
  it("ends the membership of the node that makes it, and of nobody else", async () => {
    mesh = await chain();
    const { trust } = mesh;
    await trust.publish([departureStatement(trust, trust.view, second.key)]);
    expect([...trust.view.members.keys()].sort()).toEqual([first.node, third.node].sort());
    expect(trust.view.revocations.get(second.node)?.by).toBe(second.node);
  });
});

describe("verifyAll", () => {
  it("takes what is genuine of what somebody says of a mesh, and nothing of another mesh", async () => {
    mesh = await chain();
    const { trust } = mesh;
    const said: unknown[] = [...trust.envelopes(), { statement: "{}" }, null, "nonsense"];
    const verified = verifyAll(said, trust.meshId);
    expect([...verified.view.members.keys()].sort()).toEqual([...trust.view.members.keys()].sort());
    expect(verified.envelopes).toHaveLength(trust.envelopes().length);
    expect(verified.rejected).toHaveLength(3);
    expect(() => verifyAll(said, "0".repeat(32))).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION" }),
    );
  });
});
