import type { Jwt } from "@pi-controller/schema";
import type { TrustView } from "../trust/trust-port.ts";
import { ACCESS_TYPE } from "./compact-jws.ts";
import {
  type JwtFacts,
  type JwtSource,
  makeUserJwt,
  type UserJwtKind,
  type VerifiedJwt,
  verifyUserJwt,
} from "./user-jwt.ts";

/** What any node takes as a bearer token: for minutes, since whoever has it can do all that its user may. */
const access: UserJwtKind = { type: ACCESS_TYPE, lifetimeMs: 5 * 60_000 };

/** Makes one, as `makeUserJwt`. It is a secret: whoever has it is its user. */
export function makeJwt(source: JwtSource, facts: JwtFacts): Jwt {
  return makeUserJwt(access, source, facts);
}

/** @throws as `verifyUserJwt` */
export function verifyJwt(text: string, view: TrustView, nowMs: number): Promise<VerifiedJwt> {
  return verifyUserJwt(access, text, view, nowMs);
}
