import { randomBytes } from "node:crypto";
import { type Jwt, MeshError, nodeIdSchema } from "@pi-controller/schema";
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import * as z from "zod";
import { publicKeyFromRaw } from "../crypto/ed25519.ts";
import { fromBase64Url } from "../crypto/encoding.ts";
import { publicKeyOfNode } from "../crypto/node-public-key.ts";
import { loginHolds } from "../sessions/session.ts";
import { tokenIdSchema, userIdSchema } from "../trust/statements.ts";
import type { SigningKey, TrustView } from "../trust/trust-port.ts";
import { JWS_ALGORITHM, signCompact } from "./compact-jws.ts";
import { verifyDelegation } from "./delegation.ts";
import { type ApiToken, apiTokenState } from "./usable.ts";

/** What kind of token it is: one is never taken for another. */
export interface UserJwtKind {
  /** In the header. */
  readonly type: string;
  /** The longest that one may be meant to live. */
  readonly lifetimeMs: number;
}

/** By how much the clock of the node that made a token may be behind ours. */
const TOLERANCE_SECONDS = 60;
/** A delegation, twice in base64url, and the rest: nothing of ours is longer. */
const MAX_LENGTH = 4_096;

const common = {
  sub: userIdSchema,
  iss: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(1).max(64),
};
const claimsSchema = z.discriminatedUnion("via", [
  /** Made from a session, signed by the node that has it. */
  z.object({
    ...common,
    via: z.literal("session"),
    node: nodeIdSchema,
    cred: z.string().max(64),
    del: z.string(),
  }),
  /** Made from an API token, signed by its key. */
  z.object({ ...common, via: z.literal("api-token"), node: nodeIdSchema, cred: tokenIdSchema }),
]);
type Claims = z.infer<typeof claimsSchema>;

/** What a good token says. */
export interface VerifiedJwt {
  /** All of it, with what is of its kind alone: not looked at yet. */
  readonly payload: JWTPayload;
  readonly userId: string;
  /** `<node>/<session id>`, or the id of the API token. */
  readonly credentialId: string;
  /** Set when it was made from an API token: its scope narrows this one, too. */
  readonly apiToken: ApiToken | undefined;
  /** By this peer's clock, with what is tolerated of others'. */
  readonly expiresAtMs: number;
  /** Whether it would still be good, its signatures and expiry apart, by what is known later. */
  holds(view: TrustView, nowMs: number): boolean;
}

/** From which a token is made: a session on this node, or an API token. */
export type JwtSource =
  | {
      readonly via: "session";
      readonly userId: string;
      readonly sessionId: string;
      readonly delegation: string;
      readonly nodeKey: Pick<SigningKey, "sign">;
    }
  | { readonly via: "api-token"; readonly token: ApiToken; readonly key: Pick<SigningKey, "sign"> };

export interface JwtFacts {
  readonly meshId: string;
  /** Where it is made. */
  readonly node: string;
  readonly nowMs: number;
  /** When what it is made from ends. */
  readonly endsAtMs: number;
}

/**
 * Makes a token that speaks for a user.
 *
 * @param claims of its kind alone
 */
export function makeUserJwt(
  { type: typ, lifetimeMs }: UserJwtKind,
  source: JwtSource,
  { meshId, node, nowMs, endsAtMs }: JwtFacts,
  claims: Readonly<Record<string, string>> = {},
): Jwt {
  const exp = Math.floor(Math.min(nowMs + lifetimeMs, endsAtMs) / 1_000);
  const payload = {
    ...claims,
    iss: meshId,
    iat: Math.floor(nowMs / 1_000),
    exp,
    jti: randomBytes(12).toString("base64url"),
    node,
    via: source.via,
  };
  const token =
    source.via === "session"
      ? signCompact(
          { typ, kid: node },
          { ...payload, sub: source.userId, cred: source.sessionId, del: source.delegation },
          source.nodeKey,
        )
      : signCompact(
          { typ, kid: source.token.id },
          { ...payload, sub: source.token.user, cred: source.token.id },
          source.key,
        );
  return { token, expiresAt: new Date(exp * 1_000).toISOString() };
}

/**
 * Verifies a token of this mesh that speaks for a user, with what is known here alone. One that was made later than it
 * is here is good: this peer's clock may be years behind.
 *
 * @throws MeshError UNAUTHENTICATED, saying why in general terms
 */
export async function verifyUserJwt(
  { type, lifetimeMs }: UserJwtKind,
  text: string,
  view: TrustView,
  nowMs: number,
): Promise<VerifiedJwt> {
  if (text.length > MAX_LENGTH) throw refused("it is too long");
  try {
    const { payload, protectedHeader } = await jwtVerify(text, (header) => keyOf(header, view, nowMs), {
      algorithms: [JWS_ALGORITHM],
      typ: type,
      issuer: view.meshId,
      requiredClaims: ["sub", "iat", "exp", "jti", "node", "via", "cred"],
      currentDate: new Date(nowMs),
      clockTolerance: TOLERANCE_SECONDS,
    });
    const claims = claimsSchema.parse(payload);
    if (claims.exp - claims.iat > lifetimeMs / 1_000) throw refused("it is meant to live too long");
    const found =
      claims.via === "session"
        ? await ofSession(claims, protectedHeader.kid, view, nowMs)
        : ofApiToken(claims, protectedHeader.kid, view);
    return { ...found, payload };
  } catch (error) {
    throw error instanceof MeshError ? error : refused(reasonOf(error));
  }
}

/** The key that the header names: of a member, or of an API token. */
function keyOf(header: JWTHeaderParameters, view: TrustView, nowMs: number) {
  const { kid = "" } = header;
  const token = view.apiTokens.get(kid);
  const raw = token === undefined ? undefined : fromBase64Url(token.publicKey, 32);
  if (token !== undefined && raw !== undefined && apiTokenState(token, view, nowMs) === "valid") {
    return publicKeyFromRaw(raw);
  }
  const key = view.members.has(kid) ? publicKeyOfNode(kid) : undefined;
  if (key === undefined) throw refused("no member and no valid API token has made it");
  return key;
}

async function ofSession(
  claims: Extract<Claims, { via: "session" }>,
  kid: string | undefined,
  view: TrustView,
  nowMs: number,
): Promise<Omit<VerifiedJwt, "payload">> {
  if (kid !== claims.node) throw refused("another node has signed it than it names");
  const user = view.users.get(claims.sub);
  if (user === undefined || user.disabled) throw refused("its user is not known, or disabled");
  const delegation = await verifyDelegation(claims.del, user, view, nowMs);
  if (delegation.node !== claims.node) throw refused("its user has not logged in on the node that made it");
  const { userVersion, credentialVersion } = delegation;
  const login = { userId: user.id, userVersion, credentialVersion };
  if (!loginHolds(login, view)) throw refused("its user has changed since, and has to log in again");
  return {
    userId: user.id,
    credentialId: `${claims.node}/${claims.cred}`,
    apiToken: undefined,
    expiresAtMs: Math.min(claims.exp + TOLERANCE_SECONDS, delegation.exp) * 1_000,
    holds: (later) =>
      later.members.has(claims.node) &&
      later.users.get(user.id)?.signingKey === user.signingKey &&
      loginHolds(login, later),
  };
}

function ofApiToken(
  claims: Extract<Claims, { via: "api-token" }>,
  kid: string | undefined,
  view: TrustView,
): Omit<VerifiedJwt, "payload"> {
  const apiToken = view.apiTokens.get(claims.cred);
  if (apiToken === undefined || kid !== apiToken.id || claims.sub !== apiToken.user) {
    throw refused("it names another API token than the one that signed it");
  }
  return {
    userId: apiToken.user,
    credentialId: apiToken.id,
    apiToken,
    expiresAtMs: Math.min((claims.exp + TOLERANCE_SECONDS) * 1_000, Date.parse(apiToken.expiresAt)),
    holds: (later, laterMs) => {
      const token = later.apiTokens.get(apiToken.id);
      return token?.publicKey === apiToken.publicKey && apiTokenState(token, later, laterMs) === "valid";
    },
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return `its "${error.claim}" is not right`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  if (error instanceof errors.JOSEAlgNotAllowed) return "its algorithm is not allowed";
  return "it cannot be read";
}

/** Without its cause: that holds what was presented. */
function refused(reason: string): MeshError {
  return new MeshError("UNAUTHENTICATED", `The token is not valid: ${reason}`);
}
