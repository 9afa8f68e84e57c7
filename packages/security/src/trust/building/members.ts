import type { NodeId } from "@pi-controller/schema";
import type { AuthorityKey } from "../../keys.ts";
import type { Envelope } from "../statements.ts";
import type { TrustView } from "../trust-port.ts";
import type { StatementSigner } from "./credentials.ts";

/**
 * Has the authority sign anew the entries of all who were admitted with a join token by one sponsor: to be published
 * together with the revocation of that sponsor, which voids the entries that stand on it alone.
 */
export function adoptSponsored(
  signer: StatementSigner,
  view: Pick<TrustView, "members">,
  sponsor: NodeId,
  authority: AuthorityKey,
): Envelope[] {
  const envelopes: Envelope[] = [];
  for (const { node, boxKey, admittedBy } of view.members.values()) {
    if (admittedBy.kind !== "join-token" || admittedBy.sponsor !== sponsor || node === sponsor) continue;
    const { token } = admittedBy;
    const by = { kind: "authority", user: authority.user.user.id, token } as const;
    envelopes.push(signer.sign({ kind: "member", node, boxKey, admittedBy: by }, [authority]));
  }
  return envelopes;
}
