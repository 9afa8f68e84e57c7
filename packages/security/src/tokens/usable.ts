import type { StatementOf } from "../trust/statements.ts";
import type { TrustView } from "../trust/trust-port.ts";

export type ApiToken = StatementOf<"api-token">;
export type CredentialState = "valid" | "expired" | "revoked";

/** Whether an API token still is one. A view has none that was shown on a node that was revoked later. */
export function apiTokenState(token: ApiToken, view: TrustView, nowMs: number): CredentialState {
  return token.revoked ? "revoked" : stateOf(token, view, nowMs);
}

/** Whether a client certificate still is one. */
export function clientCertificateState(
  certificate: StatementOf<"client-certificate">,
  view: TrustView,
  nowMs: number,
): CredentialState {
  return certificate.revoked ? "revoked" : stateOf(certificate, view, nowMs);
}

function stateOf(
  { user, expiresAt }: { readonly user: string; readonly expiresAt: string },
  view: TrustView,
  nowMs: number,
): CredentialState {
  const owner = view.users.get(user);
  if (owner === undefined || owner.disabled) return "revoked";
  return nowMs < Date.parse(expiresAt) ? "valid" : "expired";
}
