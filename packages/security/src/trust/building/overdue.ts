import type { AuthorityKey } from "../../keys.ts";
import type { Envelope } from "../statements.ts";
import type { TrustView } from "../trust-port.ts";
import { authorityStatement, keepersOf, lacksKeepers } from "./authority.ts";
import type { StatementSigner } from "./credentials.ts";
import { type MeshSecret, meshSecretStatements, newestEpoch, nextMeshSecret } from "./mesh-secrets.ts";

/**
 * What the authority has to sign as soon as it is unsealed for anything: after a partition, members that were
 * admitted on one side while the mesh secret changed on the other have the old one, both sides may have changed it,
 * admins made on one side may have no share in the authority, and whoever counts as the last admin has it in writing
 * again. Nothing, most of the time.
 *
 * @param newest the newest mesh secret that this node has
 * @param contested whether others have another one of the same epoch: see `MeshSecrets`
 */
export async function overdueStatements(
  signer: StatementSigner,
  view: TrustView,
  authority: AuthorityKey,
  newest: MeshSecret | undefined,
  contested = false,
): Promise<Envelope[]> {
  const envelopes: Envelope[] = [];
  for (const id of view.lastKeepers ?? []) {
    const { version: _, issuedAt: __, ...user } = view.users.get(id) ?? {};
    if ("kind" in user) envelopes.push(signer.sign(user, [authority]));
  }
  if (lacksKeepers(view)) envelopes.push(await authorityStatement(signer, keepersOf(view), authority));
  const members = [...view.members.values()];
  if (contested) {
    envelopes.push(...(await meshSecretStatements(signer, members, nextMeshSecret(view), authority)));
  } else if (newest !== undefined && newest.epoch === newestEpoch(view)) {
    const behind = members.filter(({ node }) => (view.meshSecrets.get(node)?.epoch ?? 0) < newest.epoch);
    envelopes.push(...(await meshSecretStatements(signer, behind, newest, authority)));
  }
  return envelopes;
}
