import { MeshError } from "@pi-controller/schema";
import { type BoxContext, sealTo } from "../../crypto/box.ts";
import { fromBase64Url } from "../../crypto/encoding.ts";
import type { AuthorityKey } from "../../keys.ts";
import type { Box, Envelope, StatementOf, UserId } from "../statements.ts";
import type { TrustView } from "../trust-port.ts";
import { packAuthority } from "../unsealed-keys.ts";
import type { StatementSigner } from "./credentials.ts";

const ADMIN = "admin";
const KEY_BYTES = 32;

/** What the authority is sealed to a keeper as. */
export function authorityContext(user: UserId): BoxContext {
  return { purpose: "authority", subject: `authority ${user}` };
}

/**
 * Who keeps the authority: all admins who may log in.
 *
 * @param changed users as they will be, in place of those that the view has
 */
export function keepersOf(
  view: Pick<TrustView, "users">,
  changed: readonly StatementOf<"user">[] = [],
): StatementOf<"user">[] {
  const users = new Map(view.users);
  for (const user of changed) users.set(user.id, user);
  return [...users.values()].filter(
    ({ roles, disabled, deleted }) => roles.includes(ADMIN) && !disabled && !deleted,
  );
}

/**
 * Seals the authority to its keepers; whoever is not among them loses it.
 *
 * @throws MeshError FAILED_PRECONDITION when there would be none: nobody could ever unseal it again
 */
export async function authorityStatement(
  signer: StatementSigner,
  keepers: readonly StatementOf<"user">[],
  authority: AuthorityKey,
): Promise<Envelope> {
  if (keepers.length === 0) throw new MeshError("FAILED_PRECONDITION", "Somebody has to keep the authority");
  const secret = packAuthority(authority);
  try {
    const boxes: Record<UserId, Box> = {};
    for (const { id, boxKey } of keepers) {
      const publicKey = fromBase64Url(boxKey, KEY_BYTES) ?? new Uint8Array();
      boxes[id] = await sealTo(publicKey, secret, authorityContext(id));
    }
    return signer.sign({ kind: "authority", boxes }, [authority]);
  } finally {
    secret.fill(0);
  }
}

/** Whether some keeper cannot open the authority, as after a partition in which two admins made others admins. */
export function lacksKeepers(view: Pick<TrustView, "users" | "authorityBoxes">): boolean {
  return keepersOf(view).some(({ id }) => view.authorityBoxes?.boxes[id] === undefined);
}
