import { MeshError } from "@pi-controller/schema";
import { fromBase64Url } from "../crypto/encoding.ts";
import {
  defaultPasswordCost,
  equalBytes,
  newSalt,
  type PasswordCost,
  type PasswordHasher,
  SALT_BYTES,
} from "../crypto/password.ts";
import { unseal } from "../crypto/seal.ts";
import type { AuthorityKey, Keyring, UserKey } from "../keys.ts";
import { authorityContext } from "./building/authority.ts";
import { seedSubject } from "./building/credentials.ts";
import type { StatementOf, UserId } from "./statements.ts";
import type { TrustPort, TrustView } from "./trust-port.ts";
import { unpackAuthority, unsealedUser } from "./unsealed-keys.ts";

const ADMIN = "admin";

export interface KeyringComponents {
  readonly trust: Pick<TrustPort, "view">;
  readonly hasher: Pick<PasswordHasher, "derive">;
}

/** Unseals with passwords what the statements of the mesh hold sealed. Keeps nothing. */
export class PasswordKeyring implements Keyring {
  readonly #components: KeyringComponents;

  constructor(components: KeyringComponents) {
    this.#components = components;
  }

  async unlockUser(
    name: { readonly id: UserId } | { readonly userName: string },
    password: string,
  ): Promise<UserKey> {
    const { view } = this.#components.trust;
    const user = "id" in name ? view.users.get(name.id) : userByName(view, name.userName);
    const credential = user === undefined ? undefined : view.credentials.get(user.id);
    const { hasher } = this.#components;
    const salt = credential === undefined ? undefined : fromBase64Url(credential.salt, SALT_BYTES);
    // For nobody, too: the time that it takes tells nothing.
    const keys = await hasher.derive(password, salt ?? newSalt(), credential?.argon2 ?? usualCost(view));
    const verifier = credential === undefined ? undefined : fromBase64Url(credential.verifier);
    const right = equalBytes(keys.verifier, verifier ?? new Uint8Array(keys.verifier.byteLength));
    if (!right || user === undefined || credential === undefined || user.disabled) throw wrong();
    return unsealedUser(user, unseal(keys.wrapKey, credential.sealedSeed, seedSubject(user.id)));
  }

  async unlockAuthority(id: UserId, password: string): Promise<AuthorityKey> {
    const key = await this.unlockUser({ id }, password);
    const { view } = this.#components.trust;
    const box = view.authorityBoxes?.boxes[id];
    if (box === undefined || !key.user.roles.includes(ADMIN)) {
      throw new MeshError("PERMISSION_DENIED", "This user does not keep the authority of the mesh");
    }
    return unpackAuthority(await key.open(box, authorityContext(id)), view.authority, key);
  }
}

/**
 * The user whom people mean by a name. Two sides of a partition may both have made one of that name: the older one.
 */
export function userByName(view: TrustView, name: string): StatementOf<"user"> | undefined {
  let found: StatementOf<"user"> | undefined;
  for (const user of view.users.values()) {
    if (user.name !== name) continue;
    if (found === undefined || orderOf(user) < orderOf(found)) found = user;
  }
  return found;
}

function orderOf(user: StatementOf<"user">): string {
  return `${new Date(user.createdAt).toISOString()} ${user.id}`;
}

/**
 * What it costs to check a password here: what most users have, and of those that as many have the cheapest. One user,
 * who may state what his own costs, must not make every login under a wrong name as dear.
 */
function usualCost(view: TrustView): PasswordCost {
  const counts = new Map<string, { readonly cost: PasswordCost; count: number }>();
  for (const { argon2 } of view.credentials.values()) {
    const key = `${argon2.memoryKib} ${argon2.passes} ${argon2.parallelism}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { cost: argon2, count: 1 });
    else known.count++;
  }
  const work = ({ memoryKib, passes }: PasswordCost) => memoryKib * passes;
  const [usual] = [...counts.values()].sort(
    (one, other) => other.count - one.count || work(one.cost) - work(other.cost),
  );
  return usual?.cost ?? defaultPasswordCost;
}

function wrong(): MeshError {
  return new MeshError("UNAUTHENTICATED", "The user name or the password is wrong");
}
