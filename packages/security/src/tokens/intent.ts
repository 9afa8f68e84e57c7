import { type Jwt, MeshError } from "@pi-controller/schema";
import * as z from "zod";
import type { TrustView } from "../trust/trust-port.ts";
import { INTENT_TYPE } from "./compact-jws.ts";
import {
  type JwtFacts,
  type JwtSource,
  makeUserJwt,
  type UserJwtKind,
  type VerifiedJwt,
  verifyUserJwt,
} from "./user-jwt.ts";

export const INTENT_LIFETIME_MS = 7 * 86_400_000;
const intent: UserJwtKind = { type: INTENT_TYPE, lifetimeMs: INTENT_LIFETIME_MS };

/** SHA-256, hexadecimal. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256, 64 hexadecimal digits");

/**
 * Signs that a user wants one thing done later, when he may not be there: as a JWT does, but good for nothing else
 * than what has this digest, and no bearer token.
 */
export function makeIntent(digest: string, validForMs: number, source: JwtSource, facts: JwtFacts): Jwt {
  const lifetimeMs = Math.min(validForMs, intent.lifetimeMs);
  return makeUserJwt({ ...intent, lifetimeMs }, source, facts, { digest });
}

/**
 * Verifies whose intent a digest is, by what is known now.
 *
 * @throws as `verifyUserJwt`, and MeshError UNAUTHENTICATED when it is of another digest
 */
export async function verifyIntent(
  text: string,
  digest: string,
  view: TrustView,
  nowMs: number,
): Promise<VerifiedJwt> {
  const verified = await verifyUserJwt(intent, text, view, nowMs);
  const signed = digestSchema.safeParse(verified.payload["digest"]);
  if (signed.success && signed.data === digest) return verified;
  throw new MeshError("UNAUTHENTICATED", "The signature is not valid: it is of something else");
}
