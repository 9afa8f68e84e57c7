import type { NodeId, PrincipalView, SessionStatus } from "@pi-controller/schema";
import { fingerprintOf } from "../crypto/crockford.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { Principal } from "../use-cases.ts";

export interface SessionStatusFacts {
  readonly trust: Pick<TrustPort, "view" | "clockStatus">;
  readonly node: NodeId;
  readonly nodeName: string;
  /** What the OpenID provider is called, where there is one. */
  readonly oidcLabel: string | undefined;
}

/** What a member tells anybody of itself, and whoever is logged in of himself. */
export function sessionStatus(
  principal: Principal | undefined,
  { node, nodeName, oidcLabel, trust }: SessionStatusFacts,
): SessionStatus {
  return {
    state: "member",
    node,
    nodeName,
    fingerprint: fingerprintOf(node),
    meshName: trust.view.meshName,
    principal: principal === undefined ? null : principalView(principal),
    oidc: oidcLabel === undefined ? null : { label: oidcLabel },
    clock: trust.clockStatus(),
    lockedUntil: null,
  };
}

function principalView({ credentialId: _hidden, roles, rules, ...principal }: Principal): PrincipalView {
  return { ...principal, roles: [...roles], rules: [...rules] };
}
