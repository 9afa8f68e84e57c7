import { hash } from "node:crypto";
import type { Clock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { parseApiToken } from "../crypto/tokens.ts";
import { AddressLimit } from "../limits/address-limit.ts";
import { RecentMap } from "../limits/recent-map.ts";
import { principalOfSession } from "../sessions/session-principal.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { clientCertificateState } from "../tokens/usable.ts";
import type { TrustPort, TrustView } from "../trust/trust-port.ts";
import type { Authenticator, PresentedCredentials, Principal, RequestOrigin } from "../use-cases.ts";
import { type Bearer, findBearer } from "./bearer.ts";
import { principalOf } from "./principal.ts";

export interface AuthenticatorComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly sessions: Pick<SessionStore, "find" | "get" | "limits">;
  /** How often an address may present what is wrong. */
  readonly limit?: AddressLimit;
}

/** How many principals are kept of those who came lately, of each kind. */
const MAX_KEPT = 1_024;
/** A principal of a session says when that ends; so old may that be. */
const KEEP_SESSION_MS = 30_000;

interface KeptSession {
  readonly principal: Principal;
  readonly untilMs: number;
}

/**
 * Finds out who makes a request. What was verified is kept, by its hash, for as long as the view stands in which it
 * was: the signatures of a token are checked once, and whatever the mesh learns about anybody counts at once.
 */
export class CredentialAuthenticator implements Authenticator {
  readonly #components: AuthenticatorComponents;
  readonly #limit: AddressLimit;
  readonly #sessions = new RecentMap<string, KeptSession>(MAX_KEPT);
  readonly #bearers = new RecentMap<string, Principal>(MAX_KEPT);
  /** For as long as somebody holds the principal. */
  readonly #bearerOf = new WeakMap<Principal, Bearer>();
  #view: TrustView | undefined;

  constructor(components: AuthenticatorComponents) {
    this.#components = components;
    this.#limit = components.limit ?? new AddressLimit({ clock: components.clock });
  }

  async authenticate(
    { session, bearer, clientCertificate }: PresentedCredentials,
    origin: RequestOrigin,
  ): Promise<Principal | undefined> {
    const presented = [session, bearer, clientCertificate].filter((credential) => credential !== undefined);
    if (presented.length > 1) {
      throw new MeshError(
        "UNAUTHENTICATED",
        "More than one of session cookie, bearer token and client certificate was presented: present one",
      );
    }
    if (session !== undefined) return this.#ofSession(session);
    if (bearer !== undefined) return this.#ofBearer(bearer, origin.address);
    if (clientCertificate !== undefined) return this.#ofCertificate(clientCertificate, origin.address);
    return undefined;
  }

  stillValid(principal: Principal): boolean {
    const now = this.#renewed(principal);
    return now !== undefined && JSON.stringify(now.rules) === JSON.stringify(principal.rules);
  }

  #ofSession(secret: string): Principal {
    const session = this.#components.sessions.find(secret);
    if (session === undefined) throw endedSession();
    const { view } = this.#freshView();
    const nowMs = this.#components.clock.monotonic();
    const kept = this.#sessions.get(session.id);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.principal;
    const principal = principalOfSession(session, view, this.#components.sessions.limits, this.#now());
    if (principal === undefined) throw endedSession();
    this.#sessions.set(session.id, { principal, untilMs: nowMs + KEEP_SESSION_MS });
    return principal;
  }

  async #ofBearer(text: string, address: string): Promise<Principal> {
    const { view, nowMs } = this.#freshView();
    const key = hash("sha256", text, "base64url");
    const kept = this.#bearers.get(key);
    if (kept !== undefined && !isOver(kept, nowMs)) return kept;
    const find = () => findBearer(text, view, nowMs);
    // Whoever guesses knows no token's id: those who have one are heard, whoever shares their address.
    const id = parseApiToken(text)?.id;
    const isKnown = id !== undefined && view.apiTokens.has(id);
    const found = await (isKnown ? find() : this.#limited(address, find));
    const { principal } = found;
    this.#bearerOf.set(principal, found);
    // What was verified with a view that has passed meanwhile is good for this request alone.
    if (view === this.#view) this.#bearers.set(key, principal);
    return principal;
  }

  #ofCertificate(fingerprint: string, address: string): Promise<Principal> {
    const { view, nowMs } = this.#freshView();
    const find = async () => {
      const principal = principalOfCertificate(fingerprint, view, nowMs);
      if (principal !== undefined) return principal;
      throw new MeshError(
        "UNAUTHENTICATED",
        "The client certificate is not known here, has expired or was revoked",
      );
    };
    // TLS has shown that the client has its key: who has one that is known is heard, as with tokens.
    return view.clientCertificates.has(fingerprint) ? find() : this.#limited(address, find);
  }

  /** Looks at nothing new from an address that has presented too much that was wrong. */
  async #limited<Found>(address: string, find: () => Promise<Found>): Promise<Found> {
    const retryAfterMs = this.#limit.retryAfterMs(address);
    if (retryAfterMs > 0) {
      const message = "Too many credentials that are not valid came from this address";
      throw new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: Math.ceil(retryAfterMs) });
    }
    try {
      return await find();
    } catch (error) {
      this.#limit.failed(address);
      throw error;
    }
  }

  /** Who a principal would be if he showed the same credential now. */
  #renewed(principal: Principal): Principal | undefined {
    const { view, nowMs } = this.#freshView();
    const { credentialId } = principal;
    switch (principal.via) {
      case "session":
      case "oidc": {
        const session = this.#components.sessions.get(credentialId);
        if (session === undefined) return undefined;
        return principalOfSession(session, view, this.#components.sessions.limits, this.#now());
      }
      case "client-certificate":
        return principalOfCertificate(credentialId, view, nowMs);
      case "api-token":
      case "jwt":
        return this.#bearerOf.get(principal)?.renewed(view, nowMs);
    }
  }

  /** The view, with what was kept of an earlier one forgotten. */
  #freshView(): { readonly view: TrustView; readonly nowMs: number } {
    const { view } = this.#components.trust;
    if (view !== this.#view) {
      this.#view = view;
      this.#sessions.clear();
      this.#bearers.clear();
    }
    return { view, nowMs: this.#components.trust.now() };
  }

  #now() {
    return { wallMs: this.#components.trust.now(), monotonicMs: this.#components.clock.monotonic() };
  }
}

function principalOfCertificate(fingerprint: string, view: TrustView, nowMs: number): Principal | undefined {
  const certificate = view.clientCertificates.get(fingerprint);
  const user = certificate === undefined ? undefined : view.users.get(certificate.user);
  if (certificate === undefined || user === undefined) return undefined;
  if (clientCertificateState(certificate, view, nowMs) !== "valid") return undefined;
  const expiresAtMs = Date.parse(certificate.expiresAt);
  return principalOf(user, view, { via: "client-certificate", credentialId: fingerprint, expiresAtMs });
}

function isOver({ expiresAt }: Principal, nowMs: number): boolean {
  return expiresAt !== null && nowMs >= Date.parse(expiresAt);
}

function endedSession(): MeshError {
  return new MeshError("UNAUTHENTICATED", "The session has ended: log in again");
}
