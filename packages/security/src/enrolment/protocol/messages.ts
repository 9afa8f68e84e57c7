import { decodeJson, encodeJson } from "@pi-controller/mesh";
import { MeshError, nodeIdSchema, nodeNameSchema } from "@pi-controller/schema";
import * as z from "zod";
import { fromBase64Url, utf8 } from "../../crypto/index.ts";
import { envelopeSchema, meshIdSchema, tokenIdSchema } from "../../trust/statements.ts";
import { ENROLMENT_VERSION, NONCE_BYTES, PROOF_BYTES } from "./transcript.ts";

/** Request methods of a pending node: the only ones that it answers. */
export const HELLO_METHOD = "enrolment.hello";
export const PROVE_METHOD = "enrolment.prove";
export const ADMIT_METHOD = "enrolment.admit";

/** Nothing but a bundle of statements is larger. */
const MAX_SMALL_BYTES = 128 * 1024;
/** The statements of 1,000 members, with their certificates, are 5 MB. */
const MAX_ADMIT_BYTES = 12 * 1024 * 1024;
const MAX_ENVELOPES = 20_000;
/** A version is counted up by one at each enrolment of the same node. */
const MAX_MEMBER_VERSION = 2 ** 32;

/** One text a value: nothing that is proven can be spelt in two ways. */
const bytes = (length: number) =>
  z
    .string()
    .max(2 * length)
    .refine((text) => fromBase64Url(text, length) !== undefined, `expected ${length} bytes in base64url`);
const nonceSchema = bytes(NONCE_BYTES);
const proofSchema = bytes(PROOF_BYTES);
/** Names of unknown fields are the other side's to choose. */
const MAX_REASON_LENGTH = 200;
/** Control characters have no business in what is shown to people and logged. */
const plainText = (length: number) =>
  z
    .string()
    .max(length)
    .regex(/^[^\p{Cc}]*$/u, "expected plain text");

/** Member to pending node. */
export const helloSchema = z.strictObject({
  version: z.literal(ENROLMENT_VERSION, `expected enrolment protocol version ${ENROLMENT_VERSION}`),
  meshId: meshIdSchema,
  nonce: nonceSchema,
  /** Present when it is the join token that is to admit the node, and not its set-up code. */
  joinToken: z
    .strictObject({
      id: tokenIdSchema,
      /** The member that will co-sign, by its own id: the one that dialled is made for this contact. */
      sponsor: nodeIdSchema,
      /** What the pending node's member entry has to say, which it signs with its token. */
      memberVersion: z.int().min(1).max(MAX_MEMBER_VERSION),
      issuedAt: z.iso.datetime(),
    })
    .optional(),
});
export type Hello = z.infer<typeof helloSchema>;

/** What a pending node says of itself. Nothing of it is secret, and none of it is believed for more than showing. */
const self = {
  name: nodeNameSchema,
  /** Model of the board; empty when it is not known. */
  board: plainText(200),
  joinToken: tokenIdSchema.nullable(),
};

/** What makes a node a member, from the node itself. */
const application = {
  /** X25519, to seal to this node. */
  boxKey: bytes(32),
  /** For a certificate authority of its own, signed by the node; null when it wants none. */
  certificateRequest: envelopeSchema.nullable(),
};
export const applicationSchema = z.strictObject(application);
export type Application = z.infer<typeof applicationSchema>;

/** The bytes of an application that its node's proof covers. */
export function applicationBytes({ boxKey, certificateRequest }: Application): Uint8Array {
  return utf8(JSON.stringify([boxKey, certificateRequest?.statement ?? null]));
}

/** What proofs of a join token are signed as. */
export const TOKEN_PROOF_DOMAIN = "enrolment token proof";

/** The pending node's answer. Its nonce names the attempt in what follows. */
export const helloAnswerSchema = z.object({
  version: z.literal(ENROLMENT_VERSION, `expected enrolment protocol version ${ENROLMENT_VERSION}`),
  nonce: nonceSchema,
  ...self,
  /** Answers `joinToken` of the hello. */
  token: z
    .object({
      ...application,
      /** Ed25519, by the token, over the transcript and the application. */
      proof: bytes(64),
      /** The member entry, signed by the token alone. */
      member: envelopeSchema,
    })
    .nullable(),
});
export type HelloAnswer = z.infer<typeof helloAnswerSchema>;

export const proveSchema = z.strictObject({ attempt: nonceSchema, proof: proofSchema });

export const proveAnswerSchema = z.object({ proof: proofSchema, ...application });

export const admitSchema = z.strictObject({
  attempt: nonceSchema,
  /** Everything that a new member needs, its own entry and mesh secret among it. */
  envelopes: z.array(envelopeSchema).min(1).max(MAX_ENVELOPES),
});
export type Admit = z.infer<typeof admitSchema>;

export const admitAnswerSchema = z.object({ meshId: meshIdSchema });

/** Most bytes of a request of each method. */
export const maxBytesOf: Readonly<Record<string, number>> = {
  [HELLO_METHOD]: MAX_SMALL_BYTES,
  [PROVE_METHOD]: MAX_SMALL_BYTES,
  [ADMIT_METHOD]: MAX_ADMIT_BYTES,
};

export function encodeMessage(message: object): Uint8Array {
  return encodeJson(message);
}

/**
 * Reads what the other side sent.
 *
 * @param what names the message in the error
 * @throws MeshError INVALID_ARGUMENT when it is too large, no JSON, or not what was expected; the message tells
 *   which field, and nothing of its value
 */
export function decodeMessage<Schema extends z.ZodType>(
  schema: Schema,
  payload: Uint8Array,
  what: string,
  maxBytes: number = MAX_SMALL_BYTES,
): z.infer<Schema> {
  if (payload.byteLength > maxBytes) throw malformed(what, `it is larger than ${maxBytes} bytes`);
  const message = decodeJson(payload);
  if (message === undefined) throw malformed(what, "it is no JSON");
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  const why = `${path === "" ? "" : `${path}: `}${issue?.message ?? "not what was expected"}`;
  throw malformed(what, why.slice(0, MAX_REASON_LENGTH));
}

function malformed(what: string, why: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid ${what}: ${why}`);
}
