import { MeshError } from "@pi-controller/schema";
import { decodeJwt } from "jose";
import { findApiToken } from "../authentication/bearer.ts";
import { privateKeyOfSeed, signWith } from "../crypto/ed25519.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import { parseApiToken } from "../crypto/tokens.ts";
import type { JwtFacts, JwtSource } from "../tokens/user-jwt.ts";
import type { TrustPort, TrustView } from "../trust/trust-port.ts";
import type { Acting, PresentedCredentials } from "../use-cases.ts";
import type { Session } from "./session.ts";
import type { SessionStore } from "./session-store.ts";

export interface JwtSourceComponents {
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly store: Pick<SessionStore, "get">;
  readonly nodeKey: Pick<NodeKey, "node" | "sign">;
}

interface Found {
  readonly source: JwtSource;
  readonly facts: JwtFacts;
}

/**
 * What a token that speaks for the acting user on other nodes can be made from: his session here, or his API token.
 *
 * @param credentials as presented with this very request
 * @throws MeshError PERMISSION_DENIED for what cannot be turned into one, UNAUTHENTICATED for what has ended
 */
export function jwtSource(
  { principal }: Pick<Acting, "principal">,
  credentials: PresentedCredentials,
  { trust, store, nodeKey }: JwtSourceComponents,
): Found {
  const { view } = trust;
  const nowMs = trust.now();
  const found = (source: JwtSource, endsAtMs: number): Found => ({
    source,
    facts: { meshId: view.meshId, node: nodeKey.node, nowMs, endsAtMs },
  });
  if (principal.via === "session" || principal.via === "oidc") {
    const session = store.get(principal.credentialId);
    if (session === undefined) throw new MeshError("UNAUTHENTICATED", "The session has ended: log in again");
    const { delegation, endsAtMs } = delegationOf(session, nowMs);
    const { userId, id: sessionId } = session;
    return found({ via: "session", userId, sessionId, delegation, nodeKey }, endsAtMs);
  }
  if (principal.via === "api-token" && credentials.bearer !== undefined) {
    const { token, source } = ofApiToken(credentials.bearer, view, nowMs);
    return found(source, Date.parse(token.expiresAt));
  }
  throw new MeshError(
    "PERMISSION_DENIED",
    "Other nodes believe logins and API tokens alone: use one of them, or ask the node itself",
  );
}

/** @throws MeshError PERMISSION_DENIED when the user's key has not signed, or not for now, that this node may */
function delegationOf({ delegation }: Session, nowMs: number) {
  if (delegation === null) {
    throw new MeshError(
      "PERMISSION_DENIED",
      "A login at the OpenID provider is good for this node alone: log in with your password to act on others",
    );
  }
  const endsAtMs = (decodeJwt(delegation).exp ?? 0) * 1_000;
  if (endsAtMs <= nowMs) {
    throw new MeshError(
      "PERMISSION_DENIED",
      "This login began while the clock of this node was behind: log in again to act on other nodes",
    );
  }
  return { delegation, endsAtMs };
}

/**
 * @param text the API token itself: only with it can be signed
 * @throws MeshError UNAUTHENTICATED when it is not valid
 */
function ofApiToken(text: string, view: TrustView, nowMs: number) {
  const token = findApiToken(text, view, nowMs);
  const seed = parseApiToken(text)?.seed;
  if (seed === undefined) throw new MeshError("UNAUTHENTICATED", "The API token is not valid");
  const key = privateKeyOfSeed(seed);
  const source: JwtSource = { via: "api-token", token, key: { sign: (bytes) => signWith(key, bytes) } };
  return { token, source };
}
