import { MeshError } from "@pi-controller/schema";
import { publicKeyOfSeed, SEED_BYTES } from "../crypto/ed25519.ts";
import { signingKey, userKeysOf } from "../crypto/signing-keys.ts";
import type { AuthorityKey, UserKey } from "../keys.ts";
import type { StatementOf } from "./statements.ts";

/** The keys of a user, from his seed. */
export function unsealedUser(user: StatementOf<"user">, seed: Uint8Array): UserKey {
  const { signing, box } = userKeysOf(user.id, seed);
  return { ...signing, user, seed, open: (sealed, context) => box.open(sealed, context) };
}

/** The authority, from what its keepers hold sealed. Takes `seed` and `rootKey` over: `wipe` overwrites them. */
export function unsealedAuthority(user: UserKey, seed: Uint8Array, rootKey: Uint8Array): AuthorityKey {
  let wiped = false;
  return {
    signer: { kind: "authority" },
    user,
    seed,
    rootKey,
    sign(bytes) {
      if (wiped) throw new MeshError("FAILED_PRECONDITION", "The authority is sealed again");
      return signingKey({ kind: "authority" }, seed).sign(bytes);
    },
    wipe() {
      wiped = true;
      seed.fill(0);
      rootKey.fill(0);
    },
  };
}

/** What is sealed to each keeper: the seed of the authority, then the private key of the root. */
export function packAuthority({ seed, rootKey }: Pick<AuthorityKey, "seed" | "rootKey">): Uint8Array {
  return Buffer.concat([seed, rootKey]);
}

/** @throws MeshError DATA_LOSS when it is not the authority of this mesh */
export function unpackAuthority(bytes: Uint8Array, publicKey: Uint8Array, user: UserKey): AuthorityKey {
  const seed = bytes.slice(0, SEED_BYTES);
  const genuine = seed.byteLength === SEED_BYTES && Buffer.compare(publicKeyOfSeed(seed), publicKey) === 0;
  if (!genuine) throw new MeshError("DATA_LOSS", "What was sealed is not the authority of this mesh");
  return unsealedAuthority(user, seed, bytes.slice(SEED_BYTES));
}
