import { MeshError } from "@pi-controller/schema";
import { type NodeKey, toBase64Url } from "../../crypto/index.ts";
import type { Envelope } from "../../trust/statements.ts";
import type { TrustView } from "../../trust/trust-port.ts";
import { verifyAll } from "../../trust/verify-all.ts";
import { ownMeshSecret } from "../own-mesh-secret.ts";
import type { TokenBearer } from "./token-bearer.ts";

/**
 * Verifies what a member wants this node to be admitted with, from the id of the mesh down to the node's own entry
 * and the mesh secret, which it must be able to open.
 *
 * @param meshId what was proven: by the set-up code, or by the text of the join token
 * @param token the join token, when that is what admits it: the authority must have signed its key
 * @returns what is to be stored
 * @throws MeshError FAILED_PRECONDITION when anything of it does not verify, DATA_LOSS when the secret does not open
 */
export async function verifyAdmission(
  meshId: string,
  envelopes: readonly Envelope[],
  nodeKey: NodeKey,
  token: TokenBearer | undefined,
): Promise<readonly Envelope[]> {
  const { view, envelopes: standing } = verifyAll(envelopes, meshId);
  checkMember(view, nodeKey);
  if (token !== undefined) checkToken(view, token, nodeKey);
  await ownMeshSecret(view, nodeKey);
  return standing;
}

function checkMember(view: TrustView, { box, node }: NodeKey): void {
  const member = view.members.get(node);
  if (member === undefined) throw refused("it has no entry for this node that verifies");
  if (member.boxKey !== toBase64Url(box.publicKey))
    throw refused("its entry is for another key of this node");
}

function checkToken(view: TrustView, token: TokenBearer, { node }: NodeKey): void {
  const known = view.joinTokens.get(token.id);
  if (known?.publicKey !== toBase64Url(token.publicKey)) {
    throw refused("its authority has not signed this node's join token");
  }
  if (view.members.get(node)?.admittedBy.token !== token.id) {
    throw refused("it is not this node's join token that admits it");
  }
}

function refused(why: string): MeshError {
  return new MeshError("FAILED_PRECONDITION", `This node does not join that mesh: ${why}`);
}
