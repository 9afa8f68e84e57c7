import { nodeIdSchema } from "@pi-controller/schema";
import { jwtVerify } from "jose";
import * as z from "zod";
import { publicKeyFromRaw } from "../crypto/ed25519.ts";
import { fromBase64Url } from "../crypto/encoding.ts";
import { userIdSchema } from "../trust/statements.ts";
import type { SigningKey, TrustView } from "../trust/trust-port.ts";
import { DELEGATION_TYPE, JWS_ALGORITHM, signCompact } from "./compact-jws.ts";

const delegationSchema = z.object({
  sub: userIdSchema,
  iss: z.string(),
  /** The node that may speak for the user. */
  node: nodeIdSchema,
  /** Versions of the user's statements when he signed it: see `loginHolds`. */
  userVersion: z.int(),
  credentialVersion: z.int(),
  /** Seconds since 1970, as in every JWT (RFC 7519 section 4.1.4). */
  exp: z.int(),
});
export type Delegation = z.infer<typeof delegationSchema>;

/**
 * Signs, in the moment in which a user's key is unsealed, that a node may speak for him. That is why a stolen node
 * can speak for those alone who have logged in on it.
 */
export function signDelegation(delegation: Delegation, key: SigningKey): string {
  return signCompact({ typ: DELEGATION_TYPE, kid: delegation.sub }, delegation, key);
}

/**
 * Reads a delegation.
 *
 * @param user who must have signed it
 * @throws errors of jose and zod when it is not good
 */
export async function verifyDelegation(
  text: string,
  user: { readonly id: string; readonly signingKey: string },
  view: Pick<TrustView, "meshId">,
  nowMs: number,
): Promise<Delegation> {
  const raw = fromBase64Url(user.signingKey, 32);
  if (raw === undefined) throw new TypeError("The user has no key");
  const { payload } = await jwtVerify(text, publicKeyFromRaw(raw), {
    algorithms: [JWS_ALGORITHM],
    typ: DELEGATION_TYPE,
    issuer: view.meshId,
    subject: user.id,
    requiredClaims: ["exp"],
    currentDate: new Date(nowMs),
  });
  return delegationSchema.parse(payload);
}
