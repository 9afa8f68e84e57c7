import type { NodeId } from "@pi-controller/schema";
import { inDomain } from "../../crypto/index.ts";

const DOMAIN = "revocation question";

/** What a node signs to show that it is itself who asks whether it was revoked. */
export function revocationQuestionBytes(meshId: string, node: NodeId): Uint8Array {
  return inDomain(DOMAIN, JSON.stringify([meshId, node]));
}
