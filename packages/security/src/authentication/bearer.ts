import { MeshError } from "@pi-controller/schema";
import { publicKeyOfSeed } from "../crypto/ed25519.ts";
import { fromBase64Url } from "../crypto/encoding.ts";
import { equalBytes } from "../crypto/password.ts";
import { parseApiToken } from "../crypto/tokens.ts";
import { verifyJwt } from "../tokens/access-jwt.ts";
import { type ApiToken, apiTokenState } from "../tokens/usable.ts";
import type { VerifiedJwt } from "../tokens/user-jwt.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { Principal } from "../use-cases.ts";
import { principalOf } from "./principal.ts";

const API_TOKEN_PREFIX = "pic_";

/** Who shows a bearer token, and who that would be by what is known later; undefined when nobody. */
export interface Bearer {
  readonly principal: Principal;
  renewed(view: TrustView, nowMs: number): Principal | undefined;
}

/**
 * Finds who shows a bearer token (RFC 6750): an API token, or a JWT that some node or program of this mesh made.
 *
 * @throws MeshError UNAUTHENTICATED, saying why in general terms
 */
export async function findBearer(text: string, view: TrustView, nowMs: number): Promise<Bearer> {
  if (text.startsWith(API_TOKEN_PREFIX)) {
    const { id } = findApiToken(text, view, nowMs);
    const renewed = (later: TrustView, laterMs: number) => principalOfApiToken(id, later, laterMs);
    return { principal: renewed(view, nowMs) ?? refuse(), renewed };
  }
  const jwt = await verifyJwt(text, view, nowMs);
  const renewed = (later: TrustView, laterMs: number) => principalOfJwt(jwt, later, laterMs);
  return { principal: renewed(view, nowMs) ?? refuse(), renewed };
}

/**
 * The API token that a text is: the one whose public key is that of the seed in it. Nothing slower is needed than
 * for a password: nobody guesses 256 bits.
 *
 * @throws MeshError UNAUTHENTICATED
 */
export function findApiToken(text: string, view: TrustView, nowMs: number): ApiToken {
  const secret = parseApiToken(text);
  const token = secret === undefined ? undefined : view.apiTokens.get(secret.id);
  const publicKey = token === undefined ? undefined : fromBase64Url(token.publicKey);
  if (secret === undefined || token === undefined || publicKey === undefined) refuse();
  if (!equalBytes(publicKeyOfSeed(secret.seed), publicKey)) refuse();
  const state = apiTokenState(token, view, nowMs);
  // Only who has the token itself is told more.
  if (state === "expired") throw new MeshError("UNAUTHENTICATED", "The API token has expired");
  if (state === "revoked") throw new MeshError("UNAUTHENTICATED", "The API token was revoked");
  return token;
}

/** For whom a verified token speaks, by what is known later; undefined when it does not any more. */
export function principalOfJwt(
  jwt: Pick<VerifiedJwt, "userId" | "credentialId" | "apiToken" | "expiresAtMs" | "holds">,
  view: TrustView,
  nowMs: number,
): Principal | undefined {
  const { userId, credentialId, apiToken, expiresAtMs } = jwt;
  const user = view.users.get(userId);
  if (user === undefined || nowMs >= expiresAtMs || !jwt.holds(view, nowMs)) return undefined;
  return principalOf(user, view, { via: "jwt", credentialId, expiresAtMs, scope: apiToken?.scope ?? null });
}

/** Who has an API token, found by its id; undefined when it is not valid. */
function principalOfApiToken(id: string, view: TrustView, nowMs: number): Principal | undefined {
  const token = view.apiTokens.get(id);
  const user = token === undefined ? undefined : view.users.get(token.user);
  if (token === undefined || user === undefined) return undefined;
  if (apiTokenState(token, view, nowMs) !== "valid") return undefined;
  return principalOf(user, view, {
    via: "api-token",
    credentialId: token.id,
    scope: token.scope,
    expiresAtMs: Date.parse(token.expiresAt),
  });
}

function refuse(): never {
  throw new MeshError("UNAUTHENTICATED", "The token is not valid");
}
