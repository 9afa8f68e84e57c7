import type { NodeId } from "@pi-controller/schema";
import type { SampleSigner } from "./sample-signer.ts";

/**
 * Which of two samples of a node is the newer one. Not by a time: clocks are wrong, and set back. Both are numbers of
 * the node that measured, so one that exaggerates spoils its own values only.
 */
export interface SampleVersion {
  /** Grows with every start of the node. */
  readonly bootEpoch: number;
  /** Grows with every sample that is signed. */
  readonly sequence: number;
}

/** Both numbers are below this, as in membership. */
export const VERSION_LIMIT = 2 ** 48;

/** One sample of one node, which others can pass on and check. */
export interface SignedSample {
  readonly node: NodeId;
  readonly version: SampleVersion;
  /** The sample as its node wrote it (`encodeSample`), byte for byte: what is signed is not made anew. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Keeps this signature apart from all others that the same key makes. */
const DOMAIN = "pi-controller/metrics/sample/1";

export function isNewer(one: SampleVersion, other: SampleVersion): boolean {
  return one.bootEpoch === other.bootEpoch ? one.sequence > other.sequence : one.bootEpoch > other.bootEpoch;
}

export function signSample(
  signer: SampleSigner,
  node: NodeId,
  version: SampleVersion,
  body: Uint8Array,
): SignedSample {
  return { node, version, body, signature: signer.sign(signedBytes(node, version, body)) };
}

/** Whether the node that it is of has signed it. */
export function isGenuine(signer: SampleSigner, { node, version, body, signature }: SignedSample): boolean {
  return signer.verify(node, signedBytes(node, version, body), signature);
}

/** No part but the last can hold a line break. */
function signedBytes(node: NodeId, { bootEpoch, sequence }: SampleVersion, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${[DOMAIN, node, bootEpoch, sequence].join("\n")}\n`), body]);
}
