import { randomBytes } from "node:crypto";
import { silentLogger, VirtualClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { newSeed, newSetupCode, newTokenId, toBase64Url } from "../../crypto/index.ts";
import { testNode } from "../../crypto/testing.ts";
import { AttemptLimits } from "../attempt-limits/attempt-limits.ts";
import { DirectNetwork } from "../direct-network.fixture.ts";
import {
  ADMIT_METHOD,
  encodeMessage,
  HELLO_METHOD,
  helloAnswerSchema,
  PROVE_METHOD,
} from "../protocol/messages.ts";
import { codeKey, proofOf, transcriptOf } from "../protocol/transcript.ts";
import { Claim } from "./claim.ts";
import { EnrolmentAnswerer } from "./enrolment-answerer.ts";
import { TokenBearer } from "./token-bearer.ts";

const node = testNode("answering");
const member = testNode("member").node;
const stranger = testNode("stranger").node;
const setupCode = newSetupCode();
const meshId = "0123456789abcdef0123456789abcdef";
const token = { id: newTokenId(), seed: newSeed(), meshId };
const envelope = { statement: "{}", signatures: [{ by: { kind: "authority" }, value: "A".repeat(86) }] };

let clock: VirtualClock;
let network: DirectNetwork;
let joined: string[];
let answerer: EnrolmentAnswerer;

beforeEach(() => {
  clock = new VirtualClock();
  network = new DirectNetwork(node.node);
  joined = [];
  const store = { load: async () => new Map<string, number>(), save: async () => {} };
  answerer = new EnrolmentAnswerer(
    {
      network,
      clock,
      logger: silentLogger,
      limits: new AttemptLimits({ clock, logger: silentLogger, store }),
      claim: new Claim(),
      token: new TokenBearer({ nodeKey: node.key }, token),
      application: async () => ({ boxKey: toBase64Url(node.key.box.publicKey), certificateRequest: null }),
      join: async (mesh, _envelopes, by) => void joined.push(`${mesh} ${by}`),
      onJoined() {},
    },
    { setupCode, name: "pi-new", board: "Pi" },
  );
  answerer.listen();
});

function ask(from: string, method: string, message: object): Promise<Uint8Array> {
  return network.ask(from, "192.0.2.1", method, encodeMessage(message));
}

async function codeOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => "answered",
    (error: unknown) => (error instanceof MeshError ? error.code : String(error)),
  );
}

async function greet(from: string, more: object = {}) {
  const memberNonce = randomBytes(32);
  const answer = await ask(from, HELLO_METHOD, {
    version: 1,
    meshId,
    nonce: toBase64Url(memberNonce),
    ...more,
  });
  const { nonce } = helloAnswerSchema.parse(JSON.parse(Buffer.from(answer).toString()));
  const pendingNonce = Buffer.from(nonce, "base64url");
  const transcript = transcriptOf(
    { meshId, member: from, pending: node.node, memberNonce, pendingNonce },
    "member",
  );
  const proveWith = (code: string) => ({
    attempt: nonce,
    proof: toBase64Url(proofOf(codeKey(code), transcript)),
  });
  return { attempt: nonce, proveWith };
}

const sponsored = {
  joinToken: { id: token.id, sponsor: stranger, memberVersion: 1, issuedAt: "2026-06-01T00:00:00.000Z" },
};

describe("a pending node", () => {
  it("lets itself be admitted by whoever has proven to know its code", async () => {
    const { attempt, proveWith } = await greet(member);
    await ask(member, PROVE_METHOD, proveWith(setupCode));
    await ask(member, ADMIT_METHOD, { attempt, envelopes: [envelope] });
    expect(joined).toEqual([`${meshId} setup-code`]);
  });

  it("takes what belongs to one peer's attempt from no other, however far that one has come itself", async () => {
    const { attempt, proveWith } = await greet(member);
    expect(await codeOf(ask(stranger, PROVE_METHOD, proveWith(setupCode)))).toBe("FAILED_PRECONDITION");
    await ask(member, PROVE_METHOD, proveWith(setupCode));
    await greet(stranger, sponsored);
    const admission = { attempt, envelopes: [envelope] };
    expect(await codeOf(ask(stranger, ADMIT_METHOD, admission))).toBe("FAILED_PRECONDITION");
    expect(joined).toEqual([]);
    await ask(member, ADMIT_METHOD, admission);
    expect(joined).toHaveLength(1);
  });

  it("forgets an attempt after thirty seconds without a step", async () => {
    const { attempt, proveWith } = await greet(member);
    await ask(member, PROVE_METHOD, proveWith(setupCode));
    await clock.advance(30_000);
    expect(await codeOf(ask(member, ADMIT_METHOD, { attempt, envelopes: [envelope] }))).toBe(
      "FAILED_PRECONDITION",
    );
    expect(joined).toEqual([]);
  });

  it("compares one proof an attempt", async () => {
    const { proveWith } = await greet(member);
    expect(await codeOf(ask(member, PROVE_METHOD, proveWith(newSetupCode())))).toBe("UNAUTHENTICATED");
    expect(await codeOf(ask(member, PROVE_METHOD, proveWith(setupCode)))).toBe("FAILED_PRECONDITION");
  });

  it("answers a message that is repeated as it did before, and does nothing twice", async () => {
    const { attempt, proveWith } = await greet(member);
    const first = await ask(member, PROVE_METHOD, proveWith(setupCode));
    expect(await ask(member, PROVE_METHOD, proveWith(setupCode))).toEqual(first);
    const admission = { attempt, envelopes: [envelope] };
    const answers = await Promise.all([1, 2, 3].map(() => ask(member, ADMIT_METHOD, admission)));
    expect(new Set(answers.map((answer) => Buffer.from(answer).toString())).size).toBe(1);
    expect(joined).toHaveLength(1);
  });

  it("refuses the right code, too, as long as its sender is locked out", async () => {
    for (let count = 0; count < 5; count++) {
      const { proveWith } = await greet(stranger);
      expect(await codeOf(ask(stranger, PROVE_METHOD, proveWith(newSetupCode())))).toBe("UNAUTHENTICATED");
    }
    const { proveWith } = await greet(member);
    // From the same address as the stranger.
    expect(await codeOf(ask(member, PROVE_METHOD, proveWith(setupCode)))).toBe("RESOURCE_EXHAUSTED");
    await clock.advance(60_000);
    const again = await greet(member);
    expect(await codeOf(ask(member, PROVE_METHOD, again.proveWith(setupCode)))).toBe("answered");
  });

  it("signs with its token for the mesh of the token alone", async () => {
    expect(await codeOf(greet(stranger, sponsored))).toBe("answered");
    const other = { ...sponsored, meshId: "f123456789abcdef0123456789abcdef" };
    expect(await codeOf(greet(stranger, other))).toBe("NOT_FOUND");
    const unknown = { joinToken: { ...sponsored.joinToken, id: newTokenId() } };
    expect(await codeOf(greet(stranger, unknown))).toBe("NOT_FOUND");
  });

  it("speaks one version of the protocol, and says which", async () => {
    await expect(greet(member, { version: 2 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("expected enrolment protocol version 1"),
    });
  });

  it("keeps few attempts of one address open, however many it begins", async () => {
    for (let count = 0; count < 200; count++) {
      await clock.advance(500);
      await greet(member);
    }
    expect(answerer.openAttempts).toBeLessThanOrEqual(4);
  });

  it("has whoever is not shown as connected yet ask again", async () => {
    network.status = () => ({ addresses: [], connections: [] });
    await expect(greet(member)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      details: { retryAfterMs: 100 },
    });
  });
});
