import { createHash } from "node:crypto";
import { MeshError, parseInput } from "@pi-controller/schema";
import { inDomain, SIGNATURE_BYTES, verifySignature } from "../crypto/ed25519.ts";
import { fromBase64Url, toBase64Url } from "../crypto/encoding.ts";
import { publicKeyOfNode } from "../crypto/node-public-key.ts";
import {
  type Envelope,
  envelopeSchema,
  keyOf,
  type Signer,
  type Statement,
  statementSchema,
} from "./statements.ts";
import type { SigningKey } from "./trust-port.ts";

/** Of what is signed; see `inDomain`. */
const DOMAIN = "statement";
/** 96 bits of the hash of a statement's text: tells statements of one key apart. */
const DIGEST_LENGTH = 16;
const MESH_ID_LENGTH = 32;

/** An envelope that was read, with what came of checking its signatures: each one is checked once. */
export class SignedStatement<S extends Statement = Statement> {
  readonly envelope: Envelope;
  readonly statement: S;
  /** Under which it stands. */
  readonly key: string;
  /** Tells it from other statements of its key, whoever signed. */
  readonly digest: string;
  readonly #checked = new Map<string, boolean>();
  #bytes: number | undefined;

  constructor(envelope: Envelope, statement: S) {
    this.envelope = envelope;
    this.statement = statement;
    this.key = keyOf(statement);
    this.digest = createHash("sha256").update(envelope.statement).digest("base64url").slice(0, DIGEST_LENGTH);
  }

  /** How long it is as it is stored, in UTF-8. */
  get bytes(): number {
    this.#bytes ??= Buffer.byteLength(JSON.stringify(this.envelope));
    return this.#bytes;
  }

  /** Milliseconds since 1970. */
  get issuedAtMs(): number {
    return Date.parse(this.statement.issuedAt);
  }

  /** @param publicKey 32 bytes in base64url */
  isSignedByKey(signer: Exclude<Signer, { kind: "node" }>, publicKey: string): boolean {
    return this.#check(nameOf(signer), publicKey, (bytes, signature) => {
      const key = fromBase64Url(publicKey, 32);
      return key !== undefined && verifySignature(key, bytes, signature);
    });
  }

  /** The key of a node is its id. */
  isSignedByNode(node: string): boolean {
    return this.#check(nameOf({ kind: "node", node }), "", (bytes, signature) => {
      const key = publicKeyOfNode(node);
      return key !== undefined && verifySignature(key, bytes, signature);
    });
  }

  #check(
    signer: string,
    publicKey: string,
    verify: (bytes: Uint8Array, signature: Uint8Array) => boolean,
  ): boolean {
    const name = `${signer} ${publicKey}`;
    const known = this.#checked.get(name);
    if (known !== undefined) return known;
    const result = this.envelope.signatures.some(({ by, value }) => {
      const signature = nameOf(by) === signer ? fromBase64Url(value, SIGNATURE_BYTES) : undefined;
      return signature !== undefined && verify(inDomain(DOMAIN, this.envelope.statement), signature);
    });
    this.#checked.set(name, result);
    return result;
  }
}

/**
 * Reads an envelope that came from outside; its signatures are not looked at.
 *
 * @throws MeshError INVALID_ARGUMENT when it is none
 */
export function readEnvelope(input: unknown): SignedStatement {
  const envelope = parseInput(envelopeSchema, input, "envelope");
  // Half a surrogate pair has no bytes in UTF-8: two texts would be signed as one.
  if (!envelope.statement.isWellFormed()) {
    throw new MeshError("INVALID_ARGUMENT", "Invalid statement: it is no well-formed text");
  }
  let json: unknown;
  try {
    json = JSON.parse(envelope.statement);
  } catch (error) {
    throw new MeshError("INVALID_ARGUMENT", "Invalid statement: it is no JSON", {}, { cause: error });
  }
  return new SignedStatement(envelope, parseInput(statementSchema, json, "statement"));
}

/** Whether two envelopes are one, signatures included. */
export function sameEnvelope(one: Envelope, other: Envelope): boolean {
  if (one === other) return true;
  return (
    one.statement === other.statement && JSON.stringify(one.signatures) === JSON.stringify(other.signatures)
  );
}

/**
 * Puts a statement into an envelope.
 *
 * @throws MeshError INVALID_ARGUMENT when the statement is not one
 */
export function signStatement(statement: Statement, keys: readonly SigningKey[]): Envelope {
  const text = JSON.stringify(parseInput(statementSchema, statement, "statement"));
  const bytes = inDomain(DOMAIN, text);
  const envelope = {
    statement: text,
    signatures: keys.map((key) => ({ by: key.signer, value: toBase64Url(key.sign(bytes)) })),
  };
  return parseInput(envelopeSchema, envelope, "envelope");
}

/** Adds a signature to what others have signed already: of a sponsor to an entry made with a join token. */
export function coSign(envelope: Envelope, key: SigningKey): Envelope {
  const signature = { by: key.signer, value: toBase64Url(key.sign(inDomain(DOMAIN, envelope.statement))) };
  return parseInput(
    envelopeSchema,
    { ...envelope, signatures: [...envelope.signatures, signature] },
    "envelope",
  );
}

/** The id of the mesh that a genesis founds: 128 bits of SHA-256 of its text. */
export function meshIdOf(genesis: Envelope): string {
  return createHash("sha256").update(genesis.statement).digest("hex").slice(0, MESH_ID_LENGTH);
}

function nameOf(signer: Signer): string {
  switch (signer.kind) {
    case "authority":
      return "authority";
    case "node":
      return `node ${signer.node}`;
    case "user":
      return `user ${signer.user}`;
    case "join-token":
      return `join-token ${signer.token}`;
  }
}
