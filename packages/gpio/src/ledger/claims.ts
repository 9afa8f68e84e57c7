import type { Claim, Entry, Ledger } from "./ledger.ts";

/** The first of the claims that cannot stand beside the others; undefined: all can. */
export function conflictOf(claims: readonly Claim[], others: readonly Claim[]): Claim | undefined {
  return claims.find((claim) =>
    others.some((other) => other.key === claim.key && (claim.share === null || claim.share !== other.share)),
  );
}

/** Those that hold something of what is claimed. */
export function holdersInTheWay(ledger: Ledger, claims: readonly Claim[]): readonly Entry[] {
  return [...ledger.entries.values()].filter(
    (entry) => entry.record.state === "granted" && conflictOf(claims, entry.claims) !== undefined,
  );
}
