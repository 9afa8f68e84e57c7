import { principalOf } from "../authentication/principal.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { Principal } from "../use-cases.ts";
import { loginHolds, type Session } from "./session.ts";
import { endsAt, type Now, type SessionLimits } from "./session-times.ts";

/** @returns who has this session, or undefined when the login behind it does not hold any more */
export function principalOfSession(
  session: Session,
  view: TrustView,
  limits: SessionLimits,
  now: Now,
): Principal | undefined {
  const user = view.users.get(session.userId);
  if (user === undefined || !loginHolds(session, view)) return undefined;
  const ends = endsAt(session.times, limits, now);
  return principalOf(user, view, {
    via: session.via === "oidc" ? "oidc" : "session",
    credentialId: session.id,
    onlyRoles: session.roles,
    idleExpiresAtMs: ends.idleMs,
    expiresAtMs: ends.absoluteMs,
  });
}
