import { type MembershipState, MeshError, type NodeId } from "@pi-controller/schema";

/**
 * What a request to another node ended with, as it is told to who asked. That the other node does not believe who asks
 * says nothing of the login here; a request that was cut off had the connection break under it.
 */
export function answeredWith(error: unknown, node: NodeId): unknown {
  if (!(error instanceof MeshError)) return error;
  const { code, message } = error;
  if (code === "UNAUTHENTICATED") {
    return new MeshError("PERMISSION_DENIED", `${node} does not accept the evidence of who asks: ${message}`);
  }
  if (code === "CANCELLED")
    return new MeshError("UNAVAILABLE", `The connection to ${node} broke: ${message}`);
  return error;
}

/** It came from another node: whatever it is, nothing is done with it. */
export function noAnswerOfIts(node: NodeId): MeshError {
  return new MeshError("UNAVAILABLE", `${node} answers with what is no answer to the request`);
}

/**
 * Whether a request as a whole failed because its owner is away, or does not serve yet or any more: then it takes what
 * was left for it at its next start. What the owner answers for one write, its hardware's UNAVAILABLE among it, is none
 * of these. One that got no answer may have been done: it counts as away only when nothing says that the owner is there.
 */
export function isAway(error: unknown, membership: MembershipState): boolean {
  if (!(error instanceof MeshError)) return false;
  return error.code === "UNAVAILABLE" || (error.code === "DEADLINE_EXCEEDED" && membership !== "alive");
}
