import { nodeIdSchema, roleNameSchema } from "@pi-controller/schema";
import * as z from "zod";
import { userIdSchema } from "../trust/statements.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { SessionTimes } from "./session-times.ts";

/** A login, as it is kept: not the secret, which the browser has alone. */
export const sessionSchema = z.object({
  /** Names the session to people and in lists; says nothing of the secret. */
  id: z.string(),
  /** SHA-256 of the secret, base64url. */
  secretHash: z.string(),
  node: nodeIdSchema,
  userId: userIdSchema,
  /** Versions of the user's statements at the login. */
  userVersion: z.int(),
  credentialVersion: z.int(),
  via: z.enum(["password", "oidc"]),
  /** Of the user's roles, those that the OpenID provider leaves him; null for all. */
  roles: z.array(roleNameSchema).nullable(),
  address: z.string(),
  userAgent: z.string(),
  /** `Session.delegation`, as only the session's secret opens it. */
  sealedDelegation: z.string().nullable(),
});
export type Session = z.infer<typeof sessionSchema> & {
  readonly times: SessionTimes;
  /**
   * What the user's key signed at the login: that this node may speak for him. Never on the disk; after a restart it
   * is there again when the session is used.
   */
  readonly delegation: string | null;
};

/**
 * Whether what somebody proved at a login still holds: his account is there and enabled, was not disabled or reset
 * since, nor has another password. A login that is ahead of this view was made by what has not arrived yet.
 */
export function loginHolds(
  login: Pick<Session, "userId" | "userVersion" | "credentialVersion">,
  view: Pick<TrustView, "users" | "credentials">,
): boolean {
  const user = view.users.get(login.userId);
  const credential = view.credentials.get(login.userId);
  return (
    user !== undefined &&
    !user.disabled &&
    login.userVersion >= (user.sessionsSince ?? 1) &&
    credential !== undefined &&
    login.credentialVersion >= credential.version
  );
}
