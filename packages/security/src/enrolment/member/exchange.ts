import { randomBytes } from "node:crypto";
import { type Clock, sleep } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type * as z from "zod";
import { equalBytes, fromBase64Url, inDomain, toBase64Url, verifySignature } from "../../crypto/index.ts";
import type { Envelope } from "../../trust/statements.ts";
import {
  ADMIT_METHOD,
  type Application,
  admitAnswerSchema,
  applicationBytes,
  decodeMessage,
  encodeMessage,
  HELLO_METHOD,
  type Hello,
  type HelloAnswer,
  helloAnswerSchema,
  PROVE_METHOD,
  proveAnswerSchema,
  TOKEN_PROOF_DOMAIN,
} from "../protocol/messages.ts";
import {
  type Conversation,
  codeKey,
  ENROLMENT_VERSION,
  NONCE_BYTES,
  proofOf,
  transcriptOf,
} from "../protocol/transcript.ts";
import type { Contact } from "./contacts.ts";

const STEP_TIMEOUT_MS = 10_000;
/** Verifying and storing the statements of a large mesh takes a Pi a while. */
const ADMIT_TIMEOUT_MS = 30_000;
/** A pending node that is busy with others says for how long; longer than this, the caller hears of it. */
const LONGEST_PATIENCE_MS = 2_000;
const MAX_TRIES = 4;

/** A conversation that has begun, with what the pending node said of itself. */
export interface Greeted {
  readonly conversation: Conversation;
  readonly answer: HelloAnswer;
}

/**
 * Begins a conversation.
 *
 * @param joinToken the token that is to admit the node; without, its set-up code is
 * @throws MeshError ALREADY_EXISTS when it says that it belongs to this mesh already, FAILED_PRECONDITION when to
 *   another, RESOURCE_EXHAUSTED with `retryAfterMs`, UNAVAILABLE
 */
export async function greet(
  clock: Clock,
  { network, pending }: Contact,
  meshId: string,
  joinToken?: Hello["joinToken"],
): Promise<Greeted> {
  const memberNonce = randomBytes(NONCE_BYTES);
  const hello: Hello = {
    version: ENROLMENT_VERSION,
    meshId,
    nonce: toBase64Url(memberNonce),
    ...(joinToken === undefined ? {} : { joinToken }),
  };
  const answer = await patiently(clock, () =>
    ask({ network, pending }, HELLO_METHOD, hello, helloAnswerSchema),
  );
  const pendingNonce = Buffer.from(answer.nonce, "base64url");
  return { conversation: { meshId, member: network.self, pending, memberNonce, pendingNonce }, answer };
}

/**
 * Shows that this side knows the set-up code, and sees that the other side does.
 *
 * @param code in its canonical form
 * @throws MeshError INVALID_ARGUMENT naming `code` when one of them does not, RESOURCE_EXHAUSTED, UNAVAILABLE
 */
export async function proveCode(
  clock: Clock,
  contact: Contact,
  conversation: Conversation,
  code: string,
): Promise<Application> {
  const key = codeKey(code);
  const proof = toBase64Url(proofOf(key, transcriptOf(conversation, "member")));
  const message = { attempt: toBase64Url(conversation.pendingNonce), proof };
  const { proof: answered, ...application } = await patiently(clock, () =>
    ask(contact, PROVE_METHOD, message, proveAnswerSchema),
  ).catch((error: unknown) => {
    throw error instanceof MeshError && error.code === "UNAUTHENTICATED" ? wrongCode() : error;
  });
  const expected = proofOf(key, transcriptOf(conversation, "pending", applicationBytes(application)));
  if (!equalBytes(expected, Buffer.from(answered, "base64url"))) throw wrongCode();
  return application;
}

/**
 * What a node that carries a join token applies with.
 *
 * @param publicKey of the token, as the authority signed it
 * @throws MeshError PERMISSION_DENIED when the node has not proven that it carries the token
 */
export function presentedBy({ conversation, answer }: Greeted, publicKey: string) {
  const key = fromBase64Url(publicKey);
  const { token } = answer;
  if (key === undefined || token === null) throw notCarried();
  const { proof, member, ...application } = token;
  const said = transcriptOf(conversation, "pending", applicationBytes(application));
  if (!verifySignature(key, inDomain(TOKEN_PROOF_DOMAIN, said), Buffer.from(proof, "base64url"))) {
    throw notCarried();
  }
  return { application, member };
}

/** Makes the node a member. @throws MeshError UNAVAILABLE, FAILED_PRECONDITION when it does not accept it */
export async function admit(
  contact: Contact,
  conversation: Conversation,
  envelopes: readonly Envelope[],
): Promise<void> {
  const message = { attempt: toBase64Url(conversation.pendingNonce), envelopes };
  const { meshId } = await ask(contact, ADMIT_METHOD, message, admitAnswerSchema, ADMIT_TIMEOUT_MS);
  if (meshId !== conversation.meshId) throw refused("it belongs to another mesh");
}

async function ask<Schema extends z.ZodType>(
  { network, pending }: Contact,
  method: string,
  message: object,
  answerSchema: Schema,
  timeoutMs: number = STEP_TIMEOUT_MS,
): Promise<z.infer<Schema>> {
  const answer = await network
    .request(pending, method, encodeMessage(message), { timeoutMs })
    .catch((error: unknown) => {
      throw error instanceof MeshError ? ownError(error) : error;
    });
  try {
    return decodeMessage(answerSchema, answer, "answer of the pending node");
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    throw refused("what it answers makes no sense", error);
  }
}

/** What a stranger's error says is not repeated to people as it is: only what it means. */
function ownError({ code, details }: MeshError): MeshError {
  if (code === "UNAUTHENTICATED") return new MeshError(code, "The pending node refuses the proof");
  if (code === "RESOURCE_EXHAUSTED") {
    const retryAfterMs = boundedWaitMs(details.retryAfterMs);
    return new MeshError(code, "The pending node takes no more attempts for now", { retryAfterMs });
  }
  if (code === "ALREADY_EXISTS") return new MeshError(code, "The node belongs to this mesh already");
  if (code === "FAILED_PRECONDITION") {
    return refused(
      "it belongs to another mesh, the attempt took too long, or it does not accept what it was sent",
    );
  }
  if (code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED") {
    return new MeshError("UNAVAILABLE", "The pending node does not answer");
  }
  return refused(`it answered ${code}`);
}

async function patiently<Result>(clock: Clock, attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = error instanceof MeshError ? error.details.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > LONGEST_PATIENCE_MS || count >= MAX_TRIES) throw error;
      await sleep(clock, waitMs);
    }
  }
}

/** @param waitMs as the other side says; an hour is the longest that it locks anybody out */
function boundedWaitMs(waitMs: number | undefined): number {
  return waitMs !== undefined && waitMs >= 0 && waitMs <= 3_600_000 ? waitMs : LONGEST_PATIENCE_MS;
}

function wrongCode(): MeshError {
  const message = "expected the set-up code that this node shows";
  return new MeshError("INVALID_ARGUMENT", "The set-up code is not that of this node", {
    fields: [{ field: "code", message }],
  });
}

function notCarried(): MeshError {
  return new MeshError("PERMISSION_DENIED", "The node has not proven that it carries its join token");
}

function refused(why: string, cause?: unknown): MeshError {
  return new MeshError("FAILED_PRECONDITION", `The pending node does not take part: ${why}`, {}, { cause });
}
