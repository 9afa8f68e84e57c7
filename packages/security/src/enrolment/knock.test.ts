import type { EnrolmentKnock } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unverifiableServer } from "../certificates/testing.ts";
import { joinTokenSigningKey, newSeed, parseJoinToken, toBase64Url } from "../crypto/index.ts";
import { type TestMesh, testMesh } from "../trust/testing.ts";
import { httpsKnock } from "./pending/https-knock.ts";
import { knockBytes } from "./protocol/knock.ts";
import { EnrolmentFixture, ORIGIN, password, type TestMember } from "./testing.ts";

let fixture: EnrolmentFixture;
let mesh: TestMesh;
let member: TestMember;

beforeEach(async () => {
  fixture = new EnrolmentFixture();
  mesh = await testMesh();
  member = await fixture.member(mesh);
});

afterEach(async () => {
  await fixture.close();
  mesh.dispose();
});

async function newToken(uses = 1) {
  const request = { expiresInHours: 1, uses, password };
  const { token } = await fixture.until(member.enrolment.createJoinToken(request, member.acting));
  const secret = parseJoinToken(token);
  if (secret === undefined) throw new Error("that is no join token");
  return secret;
}

function signed(knock: Partial<EnrolmentKnock>, token: { id: string; seed: Uint8Array }): EnrolmentKnock {
  const whole = {
    node: "12D3KooWsomewhere",
    name: "pi-new",
    joinToken: token.id,
    addresses: ["/ip4/10.9.9.9/tcp/4101"],
    at: "2026-06-01T00:00:00.000Z",
    ...knock,
  };
  return { ...whole, signature: toBase64Url(joinTokenSigningKey(token).sign(knockBytes(whole))) };
}

describe("a node that knocks where multicast does not reach", () => {
  it("is dialled back and admitted with its join token", async () => {
    const joinToken = await newToken();
    const knockedAt: string[] = [];
    const pending = await fixture.pending("pi-far", {
      joinToken,
      knockAt: ["https://member"],
      components: {
        sendKnock: async (origin, knock) => {
          knockedAt.push(origin);
          member.enrolment.knock(knock, ORIGIN);
        },
      },
    });
    await fixture.until(pending.unclaimed.claimed);
    expect(knockedAt).toEqual(["https://member"]);
    expect(mesh.trust.view.usesOf(joinToken.id)).toBe(1);
    expect(pending.trust()?.hash).toBe(mesh.trust.hash);
  });

  it("knocks again until somebody takes it", async () => {
    const joinToken = await newToken();
    let tries = 0;
    const pending = await fixture.pending("pi-far", {
      joinToken,
      knockAt: ["https://member"],
      components: {
        sendKnock: async (_origin, knock) => {
          tries++;
          if (tries < 3) throw new Error("nobody there");
          member.enrolment.knock(knock, ORIGIN);
        },
      },
    });
    await fixture.until(pending.unclaimed.claimed);
    expect(tries).toBe(3);
  });

  it("is not believed when its token has not signed what it says, or is not good", async () => {
    const token = await newToken();
    const forged = { id: token.id, seed: newSeed() };
    const good = signed({}, token);
    const bad = [
      signed({}, forged),
      { ...good, addresses: ["/ip4/10.1.1.1/tcp/4101"] },
      { ...good, node: "12D3KooWelsewhere" },
      { ...good, signature: "" },
      signed({}, { id: "aaaaaaaaaaaaaaaa", seed: newSeed() }),
    ];
    for (const [index, knock] of bad.entries()) {
      expect(() => member.enrolment.knock(knock, { address: `192.0.2.${index}` })).toThrow(
        expect.objectContaining({ code: "PERMISSION_DENIED" }),
      );
    }
    await fixture.until(member.enrolment.revokeJoinToken(token.id, { password }, member.acting));
    expect(() => member.enrolment.knock(good, ORIGIN)).toThrow(
      expect.objectContaining({ code: "PERMISSION_DENIED" }),
    );
    expect(member.enrolment.pending()).toEqual([]);
  });

  it("is heard once, and no more often than it may knock", async () => {
    const token = await newToken();
    const knock = signed({}, token);
    member.enrolment.knock(knock, ORIGIN);
    expect(() => member.enrolment.knock(knock, ORIGIN)).toThrow(
      expect.objectContaining({ code: "PERMISSION_DENIED" }),
    );
    member.enrolment.knock(signed({ at: "2026-06-01T00:00:01.000Z" }, token), ORIGIN);
    const outcomes = Array.from({ length: 10 }, () => {
      try {
        member.enrolment.knock(knock, ORIGIN);
        return "taken";
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(outcomes.at(-1)).toBe("RESOURCE_EXHAUSTED");
    expect(outcomes).not.toContain("taken");
  });
});

describe("httpsKnock", () => {
  it("reaches a member whose certificate it cannot verify, and says when none takes it", async () => {
    const bodies: unknown[] = [];
    const { origin, close } = await unverifiableServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push([request.method, request.url, JSON.parse(Buffer.concat(chunks).toString())]);
        response.writeHead(bodies.length === 1 ? 202 : 403).end();
      });
    });
    const knock = signed({}, { id: "aaaaaaaaaaaaaaaa", seed: newSeed() });
    const { signal } = new AbortController();
    await httpsKnock(origin, knock, signal);
    expect(bodies).toEqual([["POST", "/api/v1/enrolment/knock", knock]]);
    await expect(httpsKnock(origin, knock, signal)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await close();
    await expect(httpsKnock(origin, knock, signal)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
