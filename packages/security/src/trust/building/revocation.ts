import { MeshError, type NodeId } from "@pi-controller/schema";
import type { NodeKey } from "../../crypto/signing-keys.ts";
import type { AuthorityKey } from "../../keys.ts";
import type { Envelope } from "../statements.ts";
import type { TrustView } from "../trust-port.ts";
import type { StatementSigner } from "./credentials.ts";
import { adoptSponsored } from "./members.ts";
import { meshSecretStatements, nextMeshSecret } from "./mesh-secrets.ts";

/**
 * All that the authority has to sign when it revokes a member: the revocation, the entries anew that stood on the
 * word of that member, and a mesh secret for all others that it does not know. To be published together.
 *
 * @param node a member, or one that says that it has left: it still knows what it knew
 * @throws MeshError NOT_FOUND when the node is neither
 */
export async function revocationStatements(
  signer: StatementSigner,
  view: TrustView,
  node: NodeId,
  reason: string,
  authority: AuthorityKey,
): Promise<Envelope[]> {
  const departure = view.revocations.get(node);
  const left = departure?.by === node ? departure.memberVersion : undefined;
  const memberVersion = view.members.get(node)?.version ?? left;
  if (memberVersion === undefined) throw new MeshError("NOT_FOUND", `${node} is no member of this mesh`);
  const by = authority.user.user.id;
  const revocation = signer.sign({ kind: "revocation", node, memberVersion, reason, by }, [authority]);
  const others = [...view.members.values()].filter((member) => member.node !== node);
  return [
    revocation,
    ...adoptSponsored(signer, view, node, authority),
    ...(await meshSecretStatements(signer, others, nextMeshSecret(view), authority)),
  ];
}

/**
 * What a node says when it leaves. Whom it sponsored stays a member.
 *
 * @throws MeshError NOT_FOUND when it is no member
 */
export function departureStatement(
  signer: StatementSigner,
  view: Pick<TrustView, "members">,
  key: NodeKey,
): Envelope {
  const { node } = key;
  const memberVersion = view.members.get(node)?.version;
  if (memberVersion === undefined) throw new MeshError("NOT_FOUND", "This node is no member of a mesh");
  return signer.sign({ kind: "revocation", node, memberVersion, reason: "it left", by: node }, [key]);
}
