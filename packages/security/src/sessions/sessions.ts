import type { Clock, Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import {
  type Jwt,
  type LoginRequest,
  MeshError,
  type PasswordChange,
  type SessionView,
} from "@pi-controller/schema";
import type { PasswordCost, PasswordHasher } from "../crypto/password.ts";
import type { NodeKey } from "../crypto/signing-keys.ts";
import type { AuthorityKey, Keyring, UserKey } from "../keys.ts";
import type { LoginLimit } from "../limits/login-limit.ts";
import { makeJwt } from "../tokens/access-jwt.ts";
import { signDelegation } from "../tokens/delegation.ts";
import { credentialOf } from "../trust/building/credentials.ts";
import { userByName } from "../trust/keyring.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type {
  Acting,
  PresentedCredentials,
  Principal,
  RequestOrigin,
  SessionUseCases,
} from "../use-cases.ts";
import { beginSession } from "./begin-session.ts";
import { jwtSource } from "./jwt-source.ts";
import { openAuthority } from "./open-authority.ts";
import { loginHolds } from "./session.ts";
import type { SessionStore } from "./session-store.ts";
import { sessionView } from "./session-view.ts";

export interface SessionsComponents {
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
  readonly trust: Pick<TrustPort, "view" | "observe" | "sign" | "publish" | "nextVersion" | "now">;
  readonly keyring: Keyring;
  readonly hasher: Pick<PasswordHasher, "derive">;
  readonly store: SessionStore;
  readonly limit: LoginLimit;
  readonly nodeKey: Pick<NodeKey, "node" | "sign" | "signer">;
  /** Told when wrong passwords begin to make somebody wait. */
  readonly onLoginLocked?: (locked: { readonly address: string; readonly userName: string }) => void;
  /** Given the authority whenever one of its keepers logs in, for what waits for it; wiped when it resolves. */
  readonly onAuthorityUnlocked?: (authority: AuthorityKey) => Promise<void>;
}

export interface SessionsOptions {
  /** What it costs to check a password that is set here; as `defaultPasswordCost` when left out. */
  readonly passwordCost?: PasswordCost;
}

/** Logins on this node. They end when the mesh says so: as soon as its statements arrive. */
export class Sessions implements SessionUseCases, Service {
  readonly name = "logins";
  readonly #components: SessionsComponents;
  readonly #options: SessionsOptions;
  /** Work with the authority that a login has left behind. */
  readonly #unlocked = new Set<Promise<void>>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: SessionsComponents, options: SessionsOptions = {}) {
    this.#components = components;
    this.#options = options;
  }

  /** The store must have been started. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#components.trust.observe(() => this.#endVoid());
    this.#endVoid();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await Promise.all(this.#unlocked);
  }

  async login(
    { userName, password }: LoginRequest,
    origin: RequestOrigin,
  ): Promise<{ readonly secret: string; readonly principal: Principal }> {
    // As of now: a password that is changed while this one is worked out makes this login void.
    const { view } = this.#components.trust;
    const name = userName.trim().toLowerCase();
    const key = await this.#unlock({ userName: name }, name, password, origin.address);
    const { id: userId, version: userVersion } = key.user;
    const credentialVersion = view.credentials.get(userId)?.version ?? 0;
    const delegation = this.#delegate(key, credentialVersion);
    const login = {
      userId,
      userVersion,
      credentialVersion,
      via: "password",
      roles: null,
      delegation,
    } as const;
    const begun = beginSession(this.#components, login, origin, this.#components.nodeKey.node);
    this.#useAuthority(key);
    return begun;
  }

  async logout(secret: string): Promise<void> {
    const { store } = this.#components;
    const session = store.find(secret, false);
    if (session !== undefined) store.end([session.id]);
  }

  knows(userName: string): boolean {
    return userByName(this.#components.trust.view, userName.trim().toLowerCase()) !== undefined;
  }

  list(acting: Acting, all: boolean): readonly SessionView[] {
    const { store, trust, clock } = this.#components;
    const now = { wallMs: trust.now(), monotonicMs: clock.monotonic() };
    return store
      .list()
      .filter(({ userId }) => all || userId === acting.principal.userId)
      .toSorted((one, other) => other.times.usedMs - one.times.usedMs)
      .map((session) => sessionView(session, trust.view, store.limits, now, acting.principal));
  }

  async end(id: string, acting: Acting, all: boolean): Promise<void> {
    const { store } = this.#components;
    const { userId, via } = acting.principal;
    const session = store.get(id);
    if (session === undefined || !(all || session.userId === userId)) {
      throw new MeshError("NOT_FOUND", "There is no such session on this node");
    }
    // A token whose scope was narrowed must not throw its user out wherever he is logged in.
    if (!all && via !== "session" && via !== "oidc") {
      throw new MeshError(
        "PERMISSION_DENIED",
        "Log in to end your sessions: this credential may not delete sessions",
      );
    }
    store.end([id]);
  }

  async jwt(acting: Acting, credentials: PresentedCredentials): Promise<Jwt> {
    const { source, facts } = jwtSource(acting, credentials, this.#components);
    return makeJwt(source, facts);
  }

  async changePassword({ password, newPassword }: PasswordChange, acting: Acting): Promise<void> {
    const { trust, hasher, store } = this.#components;
    const { principal, address } = acting;
    if (principal.userId === null) {
      throw new MeshError("PERMISSION_DENIED", "Your password is kept by the OpenID provider");
    }
    // Limited as a login is: whoever has somebody's session must not find his password out here.
    const key = await this.#unlock({ id: principal.userId }, principal.userName, password, address);
    const { user, seed } = key;
    const { passwordCost } = this.#options;
    const envelope = await credentialOf({ signer: trust, hasher }, user, seed, newPassword, passwordCost);
    const current = store.get(principal.credentialId);
    // Renewed first: all others end in the moment in which the credential is published.
    if (current !== undefined && current.userId === user.id) {
      const credentialVersion = trust.nextVersion(`credential/${user.id}`);
      const delegation = current.delegation === null ? null : this.#delegate(key, credentialVersion);
      store.renew(current.id, { credentialVersion, delegation });
    }
    try {
      await trust.publish([envelope]);
    } catch (error) {
      if (current !== undefined) {
        const { credentialVersion, delegation } = current;
        store.renew(current.id, { credentialVersion, delegation });
      }
      throw error;
    }
  }

  async #unlock(
    name: Parameters<Keyring["unlockUser"]>[0],
    userName: string,
    password: string,
    address: string,
  ): Promise<UserKey> {
    const { limit, keyring } = this.#components;
    const attempt = limit.attempt(address, userName);
    if ("retryAfterMs" in attempt) {
      const { retryAfterMs } = attempt;
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many wrong passwords: wait a little", { retryAfterMs });
    }
    try {
      const key = await keyring.unlockUser(name, password);
      attempt.succeeded();
      return key;
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "UNAUTHENTICATED") attempt.abandoned();
      else if (attempt.locks) this.#tellLocked(address, userName);
      throw error;
    }
  }

  #tellLocked(address: string, userName: string): void {
    const { trust, onLoginLocked } = this.#components;
    // People type their password where their name belongs: only a name that is one is told.
    const known = userByName(trust.view, userName)?.name;
    onLoginLocked?.({ address, userName: known ?? "unknown user" });
  }

  #delegate(key: UserKey, credentialVersion: number): string {
    const { trust, nodeKey, store } = this.#components;
    const { id, version: userVersion } = key.user;
    const exp = Math.floor((trust.now() + store.limits.absoluteMs) / 1_000);
    const iss = trust.view.meshId;
    return signDelegation({ iss, sub: id, node: nodeKey.node, userVersion, credentialVersion, exp }, key);
  }

  /** In the background: nobody waits with his login for what others wait for. */
  #useAuthority(key: UserKey): void {
    const { onAuthorityUnlocked, trust, logger } = this.#components;
    if (onAuthorityUnlocked === undefined) return;
    const work = (async () => {
      const authority = await openAuthority(key, trust.view);
      try {
        if (authority !== undefined) await onAuthorityUnlocked(authority);
      } finally {
        authority?.wipe();
      }
    })()
      .catch((error: unknown) =>
        logger.warn({ err: error }, "What waited for an admin's login could not be done."),
      )
      .finally(() => this.#unlocked.delete(work));
    this.#unlocked.add(work);
  }

  /** Ends the sessions of those who were disabled, reset or removed, or have another password; all on a revoked node. */
  #endVoid(): void {
    const { store, trust, nodeKey } = this.#components;
    const { view } = trust;
    const isMember = view.members.has(nodeKey.node);
    const ended = store.list().filter((session) => !isMember || !loginHolds(session, view));
    store.end(ended.map(({ id }) => id));
  }
}
