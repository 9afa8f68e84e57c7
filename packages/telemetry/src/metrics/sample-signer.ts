import type { NodeId } from "@pi-controller/schema";

/** Port: a node signs its samples with the key that its id is made of, as they go through the hands of others. */
export interface SampleSigner {
  /** Signs as this node. @returns `SIGNATURE_BYTES` bytes */
  sign(bytes: Uint8Array): Uint8Array;
  /** Whether `node` signed these bytes. False, never an error, for what is no id of a key or no signature. */
  verify(node: NodeId, bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** As Ed25519's (RFC 8032). */
export const SIGNATURE_BYTES = 64;
