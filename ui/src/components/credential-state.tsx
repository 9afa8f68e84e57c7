/** Of tokens and certificates. */
export type CredentialState = "valid" | "used-up" | "expired" | "revoked";

const badges: Readonly<Record<CredentialState, string>> = {
  valid: "alive",
  "used-up": "left",
  expired: "left",
  revoked: "dead",
};

/** Whether a token or certificate is still good. */
export function CredentialBadge({ state }: { readonly state: CredentialState }) {
  return <span class={`badge badge-${badges[state]}`}>{state === "used-up" ? "used up" : state}</span>;
}
