import type { Rule } from "@pi-controller/schema";
import { effectiveRules } from "../authorization/effective-rules.ts";
import type { StatementOf } from "../trust/statements.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { Principal } from "../use-cases.ts";

/** What a credential adds to, or takes from, the user that it belongs to. */
export interface CredentialFacts {
  readonly via: Principal["via"];
  readonly credentialId: string;
  /** Rules that narrow what the user may. */
  readonly scope?: readonly Rule[] | null;
  /** Roles beyond which the credential gives none. */
  readonly onlyRoles?: readonly string[] | null;
  /** Wall clock, ms. */
  readonly idleExpiresAtMs?: number;
  readonly expiresAtMs: number;
}

/** A user as he stands in a view, with what is left of his rights by the credential that he showed. */
export function principalOf(user: StatementOf<"user">, view: TrustView, facts: CredentialFacts): Principal {
  const { via, credentialId, scope = null, onlyRoles = null, idleExpiresAtMs, expiresAtMs } = facts;
  const roles = onlyRoles === null ? user.roles : user.roles.filter((role) => onlyRoles.includes(role));
  return {
    userId: user.id,
    userName: user.name,
    roles,
    rules: effectiveRules(roles, view.roles, scope),
    via,
    credentialId,
    idleExpiresAt: idleExpiresAtMs === undefined ? null : timestamp(idleExpiresAtMs),
    expiresAt: timestamp(expiresAtMs),
    // The provider knows no password of ours, and so opens nothing here.
    canUnseal: via !== "oidc" && keepsAuthority(user, view),
  };
}

/** Whether a user's password unseals the authority: see `Keyring.unlockAuthority`. */
export function keepsAuthority(user: StatementOf<"user">, view: TrustView): boolean {
  return !user.disabled && user.roles.includes("admin") && view.authorityBoxes?.boxes[user.id] !== undefined;
}

/** The last moment that can be written down, for what ends later (ECMAScript: 8.64e15 ms, but four digits a year). */
const LAST_MS = Date.UTC(9999, 11, 31);

export function timestamp(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString();
}
