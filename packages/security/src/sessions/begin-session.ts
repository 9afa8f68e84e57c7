import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { TrustPort } from "../trust/trust-port.ts";
import type { Principal, RequestOrigin } from "../use-cases.ts";
import type { Session } from "./session.ts";
import { principalOfSession } from "./session-principal.ts";
import type { SessionStore } from "./session-store.ts";

export interface BeginSessionComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly store: Pick<SessionStore, "create" | "end" | "limits">;
}

/** What a login has proven. */
export type Login = Pick<
  Session,
  "userId" | "userVersion" | "credentialVersion" | "via" | "roles" | "delegation"
>;

/**
 * Begins a session.
 *
 * @param node this one
 * @returns the secret for the cookie
 * @throws MeshError UNAUTHENTICATED when the user was disabled or reset in this very moment
 */
export function beginSession(
  { clock, trust, store }: BeginSessionComponents,
  login: Login,
  { address, userAgent }: RequestOrigin,
  node: NodeId,
): { readonly secret: string; readonly principal: Principal } {
  const { secret, session } = store.create({ ...login, node, address, userAgent });
  const now = { wallMs: trust.now(), monotonicMs: clock.monotonic() };
  const principal = principalOfSession(session, trust.view, store.limits, now);
  if (principal !== undefined) return { secret, principal };
  store.end([session.id]);
  throw new MeshError("UNAUTHENTICATED", "The user has changed meanwhile: log in again");
}
