import type { AuthorityKey, Keyring } from "@pi-controller/security";

/** A keyring that everybody may open: in a simulation nobody types passwords. */
export function authorityKeyring(authority: AuthorityKey): Keyring {
  return {
    unlockUser: async () => authority.user,
    // Whoever unseals it wipes it in the end.
    unlockAuthority: async () => ({
      ...authority,
      sign: (bytes) => authority.sign(bytes),
      wipe: () => undefined,
    }),
  };
}
