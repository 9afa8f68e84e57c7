import { MeshError } from "@pi-controller/schema";
import type { AuthorityKey, Keyring } from "../keys.ts";
import type { Acting } from "../use-cases.ts";

/**
 * Does something with the authority, unsealed with the acting user's password, and wipes it in any case.
 *
 * @throws MeshError PERMISSION_DENIED for whom it is not sealed to, or who has not logged in with a password; as
 *   `Keyring.unlockAuthority`
 */
export async function withAuthority<Result>(
  keyring: Pick<Keyring, "unlockAuthority">,
  { principal }: Acting,
  password: string,
  use: (authority: AuthorityKey) => Promise<Result>,
): Promise<Result> {
  const { userId, via, canUnseal } = principal;
  if (via === "oidc" || userId === null) {
    throw new MeshError(
      "PERMISSION_DENIED",
      "A login at the OpenID provider cannot do this: log in with your password",
    );
  }
  if (!canUnseal) throw new MeshError("PERMISSION_DENIED", "Only an admin can do this");
  const authority = await keyring.unlockAuthority(userId, password);
  try {
    return await use(authority);
  } finally {
    authority.wipe();
  }
}
