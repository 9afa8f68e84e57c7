import { createHmac } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import { deriveKey, utf8 } from "../../crypto/index.ts";

/** Of everything that is spoken here; a side that speaks another one is refused. */
export const ENROLMENT_VERSION = 1;
export const NONCE_BYTES = 32;
export const PROOF_BYTES = 32;

const CONTEXT = `pi-controller enrolment ${ENROLMENT_VERSION}`;

/** One conversation between a member and a pending node: a proof made for it is worth nothing in any other. */
export interface Conversation {
  /** The mesh that the pending node is to become a member of. */
  readonly meshId: string;
  /** Who dialled, as the handshake has proven to the pending node: the member's identity for this one contact. */
  readonly member: NodeId;
  /** Who was dialled, as the handshake has proven to the member. */
  readonly pending: NodeId;
  readonly memberNonce: Uint8Array;
  readonly pendingNonce: Uint8Array;
}

/** Which side proves, so that neither can send the other's proof back. */
export type Side = "member" | "pending";

/**
 * The bytes that are proven over. Each field comes with its length, so that no two conversations give the same.
 *
 * @param said what the side says together with the proof, which the proof then covers
 */
export function transcriptOf(
  conversation: Conversation,
  side: Side,
  said: Uint8Array = new Uint8Array(),
): Uint8Array {
  const { meshId, member, pending, memberNonce, pendingNonce } = conversation;
  const texts = [CONTEXT, side, meshId, member, pending].map(utf8);
  return Buffer.concat([...texts, memberNonce, pendingNonce, said].flatMap((part) => [lengthOf(part), part]));
}

/** What two sides that know a set-up code share. @param code in its one canonical form */
export function codeKey(code: string): Uint8Array {
  return deriveKey(utf8(code), "enrolment set-up code", PROOF_BYTES);
}

/** Shows that this side knows the key, for this conversation alone (HMAC-SHA256, RFC 2104). */
export function proofOf(key: Uint8Array, transcript: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(transcript).digest();
}

function lengthOf(part: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(part.byteLength);
  return bytes;
}
