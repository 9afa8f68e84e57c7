import { hash } from "node:crypto";
import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { principalOfJwt } from "../authentication/bearer.ts";
import { AddressLimit } from "../limits/address-limit.ts";
import type { AttemptPolicy } from "../limits/attempts.ts";
import { RecentMap } from "../limits/recent-map.ts";
import { type JwtSourceComponents, jwtSource } from "../sessions/jwt-source.ts";
import type { TrustView } from "../trust/trust-port.ts";
import type {
  Acting,
  Authenticator,
  EvidenceUseCases,
  PresentedCredentials,
  Principal,
} from "../use-cases.ts";
import { EVIDENCE_TYPE } from "./compact-jws.ts";
import { makeUserJwt, type UserJwtKind, verifyUserJwt } from "./user-jwt.ts";

export interface EvidenceComponents extends JwtSourceComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly authenticator: Pick<Authenticator, "stillValid">;
}

const evidence: UserJwtKind = { type: EVIDENCE_TYPE, lifetimeMs: 5 * 60_000 };
/** It still has to be good when it gets there, by a clock that is a little ahead. */
const LEFT_MS = 60_000;
/** Users and programs that ask other nodes at the same time, one for each node; and those that others bring. */
const MAX_KEPT = 1_024;

/**
 * What a node shows that proves nothing costs signatures to find out. Its pauses are short: it asks for all of its users,
 * and of one whom it does not know to have changed yet it shows, in good faith, what is good no more.
 */
const LIMIT: AttemptPolicy = { free: 100, initialMs: 100, maximumMs: 1_000, forgetAfterMs: 5_000 };

interface Kept<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/**
 * What peers show each other as proof of who asks: like a JWT, but it names the one node that may believe it, and is no
 * bearer token (RFC 8725 sections 3.9 and 3.11). One that was made is shown again, and one that was verified believed
 * again, for as long as it is good and nothing has changed in the mesh: signatures cost more than all else.
 */
export class Evidence implements EvidenceUseCases {
  readonly #components: EvidenceComponents;
  readonly #limit: AddressLimit;
  readonly #made = new RecentMap<string, Kept<string>>(MAX_KEPT);
  readonly #verified = new RecentMap<string, Kept<Principal>>(MAX_KEPT);
  #view: TrustView | undefined;

  constructor(components: EvidenceComponents) {
    this.#components = components;
    this.#limit = new AddressLimit(components, { policy: LIMIT });
  }

  async of(acting: Acting, credentials: PresentedCredentials, audience: NodeId): Promise<string> {
    const { trust, authenticator } = this.#components;
    const { via, credentialId } = acting.principal;
    const key = `${via} ${credentialId} ${audience}`;
    const { nowMs } = this.#fresh();
    const kept = this.#made.get(key);
    // A stream goes on asking with a principal whose session may have ended.
    if (kept !== undefined && nowMs < kept.untilMs && authenticator.stillValid(acting.principal)) {
      return kept.value;
    }
    const { view } = trust;
    const { source, facts } = jwtSource(acting, credentials, this.#components);
    const { token, expiresAt } = makeUserJwt(evidence, source, facts, { aud: audience });
    if (view === this.#view) this.#made.set(key, { value: token, untilMs: Date.parse(expiresAt) - LEFT_MS });
    return token;
  }

  async verify(text: string, from: NodeId): Promise<Principal> {
    const { view, nowMs } = this.#fresh();
    const key = hash("sha256", `${from} ${text}`, "base64url");
    const kept = this.#verified.get(key);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.value;
    const retryAfterMs = this.#limit.retryAfterMs(from);
    if (retryAfterMs > 0) {
      const message = "Too much evidence that is not valid came from this node";
      throw new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: Math.ceil(retryAfterMs) });
    }
    try {
      const principal = await this.#principalOf(text, from, view, nowMs);
      // What was verified with a view that has passed meanwhile is good for this request alone.
      const untilMs = principal.expiresAt === null ? nowMs : Date.parse(principal.expiresAt);
      if (view === this.#view) this.#verified.set(key, { value: principal, untilMs });
      return principal;
    } catch (error) {
      this.#limit.failed(from);
      throw error;
    }
  }

  async #principalOf(text: string, from: NodeId, view: TrustView, nowMs: number): Promise<Principal> {
    const jwt = await verifyUserJwt(evidence, text, view, nowMs);
    if (jwt.payload.aud !== this.#components.nodeKey.node) {
      throw new MeshError("UNAUTHENTICATED", "The evidence of who asks is for another node");
    }
    if (jwt.payload["node"] !== from) {
      throw new MeshError("UNAUTHENTICATED", "The evidence of who asks was made by another node");
    }
    const principal = principalOfJwt(jwt, view, nowMs);
    if (principal !== undefined) return principal;
    throw new MeshError("UNAUTHENTICATED", "The evidence of who asks is not valid: nobody stands behind it");
  }

  /** With what was kept of an earlier view forgotten. */
  #fresh(): { readonly view: TrustView; readonly nowMs: number } {
    const { trust } = this.#components;
    const { view } = trust;
    if (view !== this.#view) {
      this.#view = view;
      this.#made.clear();
      this.#verified.clear();
    }
    return { view, nowMs: trust.now() };
  }
}
