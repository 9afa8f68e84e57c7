import { MeshError } from "@pi-controller/schema";
import { principalOfJwt } from "../authentication/bearer.ts";
import { type JwtSourceComponents, jwtSource } from "../sessions/jwt-source.ts";
import type { Acting, IntentUseCases, PresentedCredentials, Principal } from "../use-cases.ts";
import { digestSchema, INTENT_LIFETIME_MS, makeIntent, verifyIntent } from "./intent.ts";

/**
 * What users want done later, on a node that is out of reach now. An intent outlives the session that it was signed
 * in, as sessions are known to their own node alone; it does not outlive the user, his rights, his password, the API
 * token that it was made from, nor the membership of the node that made it.
 */
export class Intents implements IntentUseCases {
  readonly #components: JwtSourceComponents;

  constructor(components: JwtSourceComponents) {
    this.#components = components;
  }

  async sign(
    acting: Pick<Acting, "principal">,
    credentials: PresentedCredentials,
    digest: string,
    validForMs: number,
  ): Promise<string> {
    if (!digestSchema.safeParse(digest).success) {
      throw new MeshError("INVALID_ARGUMENT", "Expected a SHA-256 to sign, 64 hexadecimal digits");
    }
    if (!(validForMs > 0 && validForMs <= INTENT_LIFETIME_MS)) {
      throw new MeshError("INVALID_ARGUMENT", "What is to be done later has to be done within 7 days");
    }
    const { source, facts } = jwtSource(acting, credentials, this.#components);
    if (facts.nowMs + validForMs > facts.endsAtMs) {
      const end = new Date(facts.endsAtMs).toISOString();
      throw new MeshError("FAILED_PRECONDITION", `Your login or token ends before that, at ${end}`);
    }
    return makeIntent(digest, validForMs, source, facts).token;
  }

  async verify(text: string, digest: string): Promise<Principal> {
    const { trust } = this.#components;
    const { view } = trust;
    const nowMs = trust.now();
    const principal = principalOfJwt(await verifyIntent(text, digest, view, nowMs), view, nowMs);
    if (principal !== undefined) return principal;
    throw new MeshError("UNAUTHENTICATED", "The signature is not valid: nobody stands behind it any more");
  }
}
