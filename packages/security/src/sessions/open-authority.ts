import type { AuthorityKey, UserKey } from "../keys.ts";
import { authorityContext } from "../trust/building/authority.ts";
import type { TrustView } from "../trust/trust-port.ts";
import { unpackAuthority } from "../trust/unsealed-keys.ts";

/**
 * Unseals the authority with a user's key that is unsealed already, so that a login works his password out once.
 *
 * @returns undefined when he does not keep the authority; else what has to be wiped
 * @throws MeshError DATA_LOSS when his box is damaged
 */
export async function openAuthority(key: UserKey, view: TrustView): Promise<AuthorityKey | undefined> {
  const box = view.authorityBoxes?.boxes[key.user.id];
  if (box === undefined || !key.user.roles.includes("admin")) return undefined;
  return unpackAuthority(await key.open(box, authorityContext(key.user.id)), view.authority, key);
}
