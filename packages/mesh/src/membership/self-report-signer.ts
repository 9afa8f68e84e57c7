import type { NodeId } from "@pi-controller/schema";

/** Bytes of a signature, as Ed25519's (RFC 8032). */
export const SIGNATURE_BYTES = 64;

/** Port: a peer signs what it says of itself with the key that its id is made of, so that others can pass it on. */
export interface SelfReportSigner {
  /** Signs as this peer. @returns `SIGNATURE_BYTES` bytes, always the same ones for the same bytes */
  sign(bytes: Uint8Array): Uint8Array;
  /** Whether `node` signed these bytes. False, never an error, for what is no id of a key or no signature. */
  verify(node: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean;
}
