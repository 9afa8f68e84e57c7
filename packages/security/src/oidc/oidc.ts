import { type Clock, type Logger, RateLimiter } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import * as z from "zod";
import { senderOf } from "../limits/address.ts";
import { beginSession } from "../sessions/begin-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { StatementOf } from "../trust/statements.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { OidcUseCases, Principal, RequestOrigin } from "../use-cases.ts";
import type { OidcOptions } from "./oidc-options.ts";
import { PendingLogins } from "./pending-logins.ts";
import { type IdentityClaims, OidcProvider } from "./provider.ts";

export interface OidcLoginsComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
  readonly trust: Pick<TrustPort, "view" | "now">;
  readonly store: SessionStore;
}

export interface OidcLoginsOptions {
  /** This one. */
  readonly node: NodeId;
  /** Undefined where there is no provider. */
  readonly provider: OidcOptions | undefined;
}

/** Nobody begins more logins than this by hand. */
const BEGIN_LIMIT = { perSecond: 0.2, burst: 10, maxSenders: 1_024 };

const rolesSchema = z.union([z.array(z.string()), z.string().transform((role) => [role])]);

/**
 * Logins through the node's OpenID provider, for users whom an admin has linked to who they are there. They are good
 * for this node alone and unseal nothing: no password of ours was there to do it.
 */
export class OidcLogins implements OidcUseCases {
  readonly #components: OidcLoginsComponents;
  readonly #options: OidcLoginsOptions;
  readonly #provider: OidcProvider | undefined;
  readonly #pending: PendingLogins;
  readonly #begun = new RateLimiter(BEGIN_LIMIT);

  constructor(components: OidcLoginsComponents, options: OidcLoginsOptions) {
    this.#components = components;
    this.#options = options;
    this.#pending = new PendingLogins(components);
    if (options.provider !== undefined) this.#provider = new OidcProvider(components, options.provider);
  }

  async begin(
    origin: RequestOrigin,
    callbackUrl: string,
  ): Promise<{ readonly location: string; readonly state: string }> {
    const provider = this.#require();
    const retryAfterMs = this.#begun.take(senderOf(origin.address), this.#components.clock.monotonic());
    if (retryAfterMs > 0) {
      const message = "Too many logins were begun from this address";
      throw new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: Math.ceil(retryAfterMs) });
    }
    const { location, state, login } = await provider.begin(callbackUrl);
    this.#pending.add(state, login);
    return { location, state };
  }

  async complete(
    { url, state }: { readonly url: string; readonly state: string },
    origin: RequestOrigin,
  ): Promise<{ readonly secret: string; readonly principal: Principal }> {
    const provider = this.#require();
    const login = this.#pending.take(state);
    if (login === undefined) {
      throw new MeshError(
        "UNAUTHENTICATED",
        "This login was not begun in this browser, or too long ago: begin again",
      );
    }
    if (!URL.canParse(url, login.callbackUrl)) throw new MeshError("INVALID_ARGUMENT", "This is no address");
    const { search } = new URL(url, login.callbackUrl);
    const claims = await provider.complete(search, state, login);
    const user = this.#userOf(claims.sub);
    return beginSession(
      this.#components,
      {
        userId: user.id,
        userVersion: user.version,
        credentialVersion: this.#components.trust.view.credentials.get(user.id)?.version ?? 0,
        via: "oidc",
        roles: this.#rolesOf(user, claims),
        delegation: null,
      },
      origin,
      this.#options.node,
    );
  }

  #userOf(subject: string): StatementOf<"user"> {
    const linked = [...this.#components.trust.view.users.values()].filter(
      ({ oidcSubject }) => oidcSubject === subject,
    );
    const [user] = linked;
    const label = this.#options.provider?.label ?? "";
    if (user === undefined || linked.length > 1) {
      const found = user === undefined ? "no user" : "more than one user";
      throw new MeshError(
        "PERMISSION_DENIED",
        `${label} knows you, but ${found} of this mesh is linked to you there; ` +
          `ask an admin to link your user to the subject ${subject.slice(0, 255)}`,
      );
    }
    if (user.disabled) throw new MeshError("PERMISSION_DENIED", `The user ${user.name} is disabled`);
    return user;
  }

  /** What the provider leaves of a user's roles; null for all of them. */
  #rolesOf(user: StatementOf<"user">, claims: IdentityClaims): string[] | null {
    const { roleClaim, label } = this.#options.provider ?? {};
    if (roleClaim === undefined) return null;
    const named = rolesSchema.safeParse(claims[roleClaim]);
    const roles = user.roles.filter((role) => named.success && named.data.includes(role));
    if (roles.length > 0) return roles;
    throw new MeshError("PERMISSION_DENIED", `${label ?? ""} leaves you none of your roles in this mesh`);
  }

  #require(): OidcProvider {
    if (this.#provider !== undefined) return this.#provider;
    throw new MeshError("UNIMPLEMENTED", "No OpenID provider is set up on this node");
  }
}
