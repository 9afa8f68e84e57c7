import type { Access, NodeId } from "@pi-controller/schema";

/** Somebody who has proven who he is. */
export interface Requester {
  readonly userName: string;
  /** Null for somebody whom an OpenID provider alone knows. */
  readonly userId: string | null;
  /** The one decision of who may do what. @returns undefined when allowed, else why not, for people */
  refusal(access: Access): string | undefined;
}

/** On whose behalf the owner of a pin does something, whichever peer brought the request. */
export interface OwnerAsking {
  readonly requester: Requester;
  readonly correlationId: string;
  /** Set by a caller that may ask again: the same request is done once. */
  readonly idempotencyKey: string | undefined;
}

/** The same, at the peer that the user talks to. */
export interface Asking extends OwnerAsking {
  /** All of it ends within this time, however many peers take part. */
  readonly timeoutMs: number;
  /**
   * What proves to another node, and to no other one, who asks; made when it is needed.
   *
   * @throws MeshError PERMISSION_DENIED when there can be none
   */
  evidence(node: NodeId): Promise<string>;
  /** Signs what is to be done later, in the user's absence, and only that. @throws as `evidence` */
  signIntent(digest: string, validForMs: number): Promise<string>;
}

/** Port: verifies what another peer brings as proof of who asks. */
export interface GpioEvidence {
  /** @throws MeshError UNAUTHENTICATED */
  verify(evidence: string, from: NodeId): Promise<Requester>;
  /** @throws MeshError UNAUTHENTICATED when the signature is of nobody who may still speak, or of another digest */
  verifyIntent(signature: string, digest: string): Promise<Requester>;
}
