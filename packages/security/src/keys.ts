import type { BoxContext } from "./crypto/box.ts";
import type { Box, StatementOf, UserId } from "./trust/statements.ts";
import type { SigningKey } from "./trust/trust-port.ts";

/** A user's key while it is unsealed: for one request, never kept. */
export interface UserKey extends SigningKey {
  readonly user: StatementOf<"user">;
  /** What his keys follow from: 32 bytes; to be sealed under another password, and shown to nobody. */
  readonly seed: Uint8Array;
  /** Opens what was sealed to the user's box key. @throws MeshError DATA_LOSS when it was not */
  open(box: Box, context: BoxContext): Promise<Uint8Array>;
}

/** The authority of the mesh while it is unsealed: for one request, never kept. Wipe it in `finally`. */
export interface AuthorityKey extends SigningKey {
  /** Who unsealed it. */
  readonly user: UserKey;
  /** What it follows from: 32 bytes; to be sealed to another keeper. */
  readonly seed: Uint8Array;
  /** Private key of the X.509 root: P-256, PKCS #8, DER. */
  readonly rootKey: Uint8Array;
  /** Overwrites the keys in memory; nothing can be signed afterwards. */
  wipe(): void;
}

/** What a password opens. Passwords are checked one at a time, with a bounded number waiting. */
export interface Keyring {
  /**
   * @throws MeshError UNAUTHENTICATED when the user is unknown, disabled, or the password is wrong (which of them is
   *   not told, nor by the time it takes); RESOURCE_EXHAUSTED when too many wait
   */
  unlockUser(
    name: { readonly id: UserId } | { readonly userName: string },
    password: string,
  ): Promise<UserKey>;
  /** @throws MeshError as `unlockUser`; PERMISSION_DENIED when the user is no keeper of the authority */
  unlockAuthority(user: UserId, password: string): Promise<AuthorityKey>;
}
