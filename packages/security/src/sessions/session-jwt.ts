import { type Jwt, MeshError } from "@pi-controller/schema";
import { decodeJwt } from "jose";
import { findApiToken } from "../authentication/bearer.ts";
import { privateKeyOfSeed, signWith } from "../crypto/ed25519.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import { parseApiToken } from "../crypto/tokens.ts";
import { makeJwt } from "../tokens/access-jwt.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type { Session } from "./session.ts";

/** What a JWT is made with. */
export interface JwtMaker {
  readonly view: TrustView;
  readonly node: Pick<NodeKey, "node" | "sign" | "signer">;
  readonly nowMs: number;
}

/**
 * A token that any node takes for the user of a session here.
 *
 * @throws MeshError PERMISSION_DENIED when the user's key has not signed, or not for now, that this node may
 */
export function jwtOfSession(session: Session, { view, node, nowMs }: JwtMaker): Jwt {
  const { delegation, userId, id: sessionId } = session;
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
  return makeJwt(
    { via: "session", userId, sessionId, delegation, nodeKey: node },
    { meshId: view.meshId, node: node.node, nowMs, endsAtMs },
  );
}

/**
 * A token that any node takes for an API token, without that being shown there.
 *
 * @param text the API token itself: only with it can be signed
 * @throws MeshError UNAUTHENTICATED when it is not valid
 */
export function jwtOfApiToken(text: string, { view, node, nowMs }: JwtMaker): Jwt {
  const token = findApiToken(text, view, nowMs);
  const seed = parseApiToken(text)?.seed;
  if (seed === undefined) throw new MeshError("UNAUTHENTICATED", "The API token is not valid");
  const key = privateKeyOfSeed(seed);
  return makeJwt(
    { via: "api-token", token, key: { sign: (bytes) => signWith(key, bytes) } },
    { meshId: view.meshId, node: node.node, nowMs, endsAtMs: Date.parse(token.expiresAt) },
  );
}
