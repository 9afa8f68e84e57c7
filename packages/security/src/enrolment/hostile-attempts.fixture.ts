import { randomBytes } from "node:crypto";
import { pick, type Random, randomInteger, shuffle } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { signingKey, toBase64Url } from "../crypto/index.ts";
import { testSeed } from "../crypto/testing.ts";
import { coSign } from "../trust/signed-statement.ts";
import type { Envelope } from "../trust/statements.ts";
import {
  ADMIT_METHOD,
  encodeMessage,
  HELLO_METHOD,
  type HelloAnswer,
  helloAnswerSchema,
  PROVE_METHOD,
} from "./protocol/messages.ts";
import { codeKey, NONCE_BYTES, proofOf, transcriptOf } from "./protocol/transcript.ts";

/** Sends one request to the pending node. */
export type Ask = (method: string, payload: Uint8Array) => Promise<Uint8Array>;

/** What whoever attacks may have got hold of; none of it is the set-up code or the seed of the token. */
export interface Loot {
  readonly pending: NodeId;
  /** The mesh that the node's owner has, with a genuine entry for the node in its statements. */
  readonly mesh: Bundle;
  /** Another mesh, whose owner attacks: he may sign there whatever he likes. */
  readonly otherMesh: Bundle;
  /** Its set-up code of another node. */
  readonly otherCode: string;
  /** Id of the token that the node carries, which it announces, and of one of the other mesh. */
  readonly tokenId: string;
  readonly otherTokenId: string;
  /** Messages of a member that knew the code, as somebody who broke Noise would have them. */
  readonly recorded: readonly { readonly method: string; readonly payload: Uint8Array }[];
}

interface Bundle {
  readonly meshId: string;
  readonly envelopes: readonly Envelope[];
}

export type HostileAttempt = (ask: Ask, self: NodeId, loot: Loot, random: Random) => Promise<void>;

interface Begun {
  readonly answer: HelloAnswer;
  readonly memberNonce: Uint8Array;
}

const METHODS = [HELLO_METHOD, PROVE_METHOD, ADMIT_METHOD];

async function greet(ask: Ask, meshId: string, joinToken?: object): Promise<Begun> {
  const memberNonce = randomBytes(NONCE_BYTES);
  const hello = { version: 1, meshId, nonce: toBase64Url(memberNonce), ...(joinToken && { joinToken }) };
  const answer = await ask(HELLO_METHOD, encodeMessage(hello));
  return { memberNonce, answer: helloAnswerSchema.parse(JSON.parse(Buffer.from(answer).toString())) };
}

function proofMessage(
  { answer, memberNonce }: Begun,
  meshId: string,
  member: NodeId,
  pending: NodeId,
  code: string,
) {
  const pendingNonce = Buffer.from(answer.nonce, "base64url");
  const conversation = { meshId, member, pending, memberNonce, pendingNonce };
  const proof = proofOf(codeKey(code), transcriptOf(conversation, "member"));
  return encodeMessage({ attempt: answer.nonce, proof: toBase64Url(proof) });
}

function admission({ answer }: Begun, envelopes: readonly Envelope[]): Uint8Array {
  return encodeMessage({ attempt: answer.nonce, envelopes });
}

function wanted(id: string, sponsor: NodeId) {
  return { id, sponsor, memberVersion: 2, issuedAt: "2026-06-01T00:00:00.000Z" };
}

/** Goes on when a message was refused, as whoever attacks does. */
async function regardless(sent: Promise<Uint8Array>, errors: unknown[]): Promise<void> {
  await sent.catch((error: unknown) => void errors.push(error));
}

async function inTurn(ask: Ask, messages: Iterable<readonly [string, Uint8Array]>): Promise<void> {
  const errors: unknown[] = [];
  for (const [method, payload] of messages) await regardless(ask(method, payload), errors);
  if (errors.length > 0) throw errors[0];
}

function flipped(payload: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(payload);
  for (let count = 1 + randomInteger(random, 4); count > 0; count--) {
    const index = randomInteger(random, copy.length);
    copy[index] = (copy[index] ?? 0) ^ (1 << randomInteger(random, 8));
  }
  return copy;
}

/** All kinds of attack, each with its name. */
export const hostileAttempts: Readonly<Record<string, HostileAttempt>> = {
  async "a wrong code, then an admission all the same"(ask, self, { mesh, otherCode, pending }) {
    const begun = await greet(ask, mesh.meshId);
    await inTurn(ask, [
      [PROVE_METHOD, proofMessage(begun, mesh.meshId, self, pending, otherCode)],
      [ADMIT_METHOD, admission(begun, mesh.envelopes)],
    ]);
  },
  async "another mesh with another node's code"(ask, self, { otherMesh, otherCode, pending }) {
    const begun = await greet(ask, otherMesh.meshId);
    await inTurn(ask, [
      [PROVE_METHOD, proofMessage(begun, otherMesh.meshId, self, pending, otherCode)],
      [ADMIT_METHOD, admission(begun, otherMesh.envelopes)],
    ]);
  },
  async "truncated messages"(ask, _self, { recorded }, random) {
    const message = pick(random, recorded);
    if (message === undefined) return;
    await ask(message.method, message.payload.subarray(0, randomInteger(random, message.payload.length)));
  },
  async "flipped bits"(ask, _self, { recorded }, random) {
    await inTurn(
      ask,
      recorded.map(({ method, payload }) => [method, flipped(payload, random)] as const),
    );
  },
  async "a recording, played again"(ask, _self, { recorded }) {
    await inTurn(
      ask,
      recorded.map(({ method, payload }) => [method, payload] as const),
    );
  },
  async "a recording in another order"(ask, _self, { recorded }, random) {
    const messages = shuffle(random, [...recorded, ...recorded]);
    await inTurn(
      ask,
      messages.map(({ method, payload }) => [method, payload] as const),
    );
  },
  async "steps left out and repeated"(ask, self, { mesh, otherCode, pending }, random) {
    const begun = await greet(ask, mesh.meshId);
    const proof = [PROVE_METHOD, proofMessage(begun, mesh.meshId, self, pending, otherCode)] as const;
    const admit = [ADMIT_METHOD, admission(begun, mesh.envelopes)] as const;
    await inTurn(ask, shuffle(random, [admit, proof, admit, proof]).slice(0, 1 + randomInteger(random, 3)));
  },
  async "a recorded proof in an attempt of one's own"(ask, _self, { mesh, recorded }) {
    const { answer } = await greet(ask, mesh.meshId);
    const old = recorded.find(({ method }) => method === PROVE_METHOD)?.payload ?? new Uint8Array();
    const { proof } = JSON.parse(Buffer.from(old).toString()) as { proof: string };
    await ask(PROVE_METHOD, encodeMessage({ attempt: answer.nonce, proof }));
  },
  async "the node's token, with the statements of its mesh"(ask, self, { mesh, tokenId }) {
    const begun = await greet(ask, mesh.meshId, wanted(tokenId, self));
    // Its statements have an entry for the node, but none that this token signed.
    await ask(ADMIT_METHOD, admission(begun, mesh.envelopes));
  },
  async "the node's token, sponsored by a stranger"(ask, self, { mesh, tokenId }) {
    const begun = await greet(ask, mesh.meshId, wanted(tokenId, self));
    const member = begun.answer.token?.member;
    const stranger = signingKey({ kind: "node", node: self }, testSeed("stranger"));
    const entry = member === undefined ? [] : [coSign(member, stranger)];
    await ask(ADMIT_METHOD, admission(begun, [...mesh.envelopes, ...entry]));
  },
  async "the node's token, with the statements of another mesh"(ask, self, { mesh, otherMesh, tokenId }) {
    const begun = await greet(ask, mesh.meshId, wanted(tokenId, self));
    await ask(ADMIT_METHOD, admission(begun, otherMesh.envelopes));
  },
  async "the node's token for another mesh"(ask, self, { otherMesh, tokenId }) {
    await greet(ask, otherMesh.meshId, wanted(tokenId, self));
  },
  async "another mesh's token"(ask, self, { otherMesh, otherTokenId }) {
    const begun = await greet(ask, otherMesh.meshId, wanted(otherTokenId, self));
    await ask(ADMIT_METHOD, admission(begun, otherMesh.envelopes));
  },
  async "bytes by chance"(ask, _self, _loot, random) {
    const bytes = Uint8Array.from({ length: randomInteger(random, 400) }, () => randomInteger(random, 256));
    await ask(pick(random, METHODS) ?? HELLO_METHOD, bytes);
  },
  async "other JSON"(ask, _self, { mesh }, random) {
    const values = [
      null,
      [],
      {},
      "x",
      7,
      true,
      { version: 2 },
      { attempt: "AAAA", proof: {} },
      mesh.envelopes,
    ];
    await ask(pick(random, METHODS) ?? HELLO_METHOD, Buffer.from(JSON.stringify(pick(random, values))));
  },
};
