import { MeshError } from "@pi-controller/schema";
import type { AuthorityKey, Keyring } from "../../keys.ts";
import type { UserId } from "../../trust/statements.ts";
import type { Acting } from "../../use-cases.ts";

/**
 * Unseals the authority for one act of the acting user, and wipes it afterwards.
 *
 * @throws MeshError UNAUTHENTICATED, RESOURCE_EXHAUSTED or PERMISSION_DENIED as `Keyring` does, and what `act` throws
 */
export async function withAuthority<Result>(
  keyring: Pick<Keyring, "unlockAuthority">,
  acting: Acting,
  password: string,
  act: (authority: AuthorityKey) => Promise<Result>,
): Promise<Result> {
  const authority = await keyring.unlockAuthority(userOf(acting), password);
  try {
    return await act(authority);
  } finally {
    authority.wipe();
  }
}

/** Makes sure that it is the acting user himself. @throws MeshError UNAUTHENTICATED, RESOURCE_EXHAUSTED, PERMISSION_DENIED */
export async function unlockUser(
  keyring: Pick<Keyring, "unlockUser">,
  acting: Acting,
  password: string,
): Promise<void> {
  await keyring.unlockUser({ id: userOf(acting) }, password);
}

function userOf({ principal: { userId } }: Acting): UserId {
  if (userId !== null) return userId;
  throw new MeshError("PERMISSION_DENIED", "Only a user of the mesh itself can do this, with a password");
}
