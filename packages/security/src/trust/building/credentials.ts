import { toBase64Url } from "../../crypto/encoding.ts";
import {
  defaultPasswordCost,
  newSalt,
  type PasswordCost,
  type PasswordHasher,
} from "../../crypto/password.ts";
import { seal } from "../../crypto/seal.ts";
import type { Envelope, StatementOf, UserId } from "../statements.ts";
import type { SigningKey, StatementDraft } from "../trust-port.ts";
import { unsealedUser } from "../unsealed-keys.ts";

/** What makes envelopes: the trust of a mesh; of one that is being founded, something simpler. */
export interface StatementSigner {
  sign(draft: StatementDraft, keys: readonly SigningKey[]): Envelope;
}

export interface CredentialComponents {
  readonly signer: StatementSigner;
  readonly hasher: Pick<PasswordHasher, "derive">;
}

/** What a user's seed is sealed as. */
export function seedSubject(user: UserId): string {
  return `credential ${user}`;
}

/**
 * The credential of a user: his seed under a password, signed with the key that follows from the seed. For a new
 * user, and for another password of the same one.
 *
 * @param seed 32 bytes
 * @throws MeshError RESOURCE_EXHAUSTED when too many passwords wait
 */
export async function credentialOf(
  { signer, hasher }: CredentialComponents,
  user: StatementOf<"user">,
  seed: Uint8Array,
  password: string,
  cost: PasswordCost = defaultPasswordCost,
): Promise<Envelope> {
  const salt = newSalt();
  const keys = await hasher.derive(password, salt, cost);
  const credential = {
    kind: "credential",
    user: user.id,
    salt: toBase64Url(salt),
    argon2: { memoryKib: cost.memoryKib, passes: cost.passes, parallelism: cost.parallelism },
    verifier: toBase64Url(keys.verifier),
    sealedSeed: seal(keys.wrapKey, seed, seedSubject(user.id)),
  } as const;
  return signer.sign(credential, [unsealedUser(user, seed)]);
}
