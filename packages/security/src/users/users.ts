import {
  type Confirmation,
  MeshError,
  type RoleChange,
  type RoleView,
  type UserChange,
  type UserCreation,
  type UserView,
} from "@pi-controller/schema";
import { keepsAuthority } from "../authentication/principal.ts";
import type { PasswordCost, PasswordHasher } from "../crypto/password.ts";
import type { AuthorityKey, Keyring } from "../keys.ts";
import { authorityStatement, keepersOf } from "../trust/building/authority.ts";
import { newUser, resetUser } from "../trust/building/users.ts";
import type { Envelope, StatementOf } from "../trust/statements.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { Acting, UserUseCases } from "../use-cases.ts";
import { withAuthority } from "./acting-user.ts";
import { Roles } from "./roles.ts";
import { Serial } from "./serial.ts";
import {
  changedUser,
  describeChange,
  keepersChange,
  requireAdmin,
  requireFreeName,
  requireFreeSubject,
  requireRoles,
} from "./user-rules.ts";

export interface UsersComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "publish" | "nextVersion" | "now">;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
  readonly hasher: Pick<PasswordHasher, "derive">;
  /** Told of what was changed, in words. */
  readonly onUserChanged?: (
    changed: { readonly userName: string; readonly change: string },
    acting: Acting,
  ) => void;
}

export interface UsersOptions {
  /** What it costs to check a password that is set here; as `defaultPasswordCost` when left out. */
  readonly passwordCost?: PasswordCost;
  readonly maxUsers?: number;
}

const DEFAULT_MAX_USERS = 500;

type User = StatementOf<"user">;

/**
 * Users and roles of the mesh. The authority signs every change, unsealed with the acting admin's password: no right
 * on users, whatever role gives it, changes anybody without being able to unseal.
 *
 * A user is one statement. Of two changes on two sides of a partition, the one of the higher version stands, whole,
 * on both sides afterwards; of equal versions the one whose text is greater; a removal before all else. Who is left
 * without a share of the authority by that gets it when it is next unsealed (`overdueStatements`).
 */
export class Users implements UserUseCases {
  readonly #components: UsersComponents;
  readonly #options: UsersOptions;
  readonly #serial = new Serial();
  readonly #roles: Roles;

  constructor(components: UsersComponents, options: UsersOptions = {}) {
    this.#components = components;
    this.#options = options;
    this.#roles = new Roles(components);
  }

  list(acting: Acting): readonly UserView[] {
    return [...this.#components.trust.view.users.values()]
      .toSorted((one, other) =>
        `${one.name} ${one.createdAt}` < `${other.name} ${other.createdAt}` ? -1 : 1,
      )
      .map((user) => this.#viewOf(user, acting));
  }

  get(id: string, acting: Acting): UserView {
    return this.#viewOf(this.#require(id), acting);
  }

  create(creation: UserCreation, acting: Acting): Promise<UserView> {
    const { trust, keyring, hasher } = this.#components;
    const { name, roles, newPassword, oidcSubject = null, password } = creation;
    return this.#serial.run(async () => {
      const maximum = this.#options.maxUsers ?? DEFAULT_MAX_USERS;
      if (trust.view.users.size >= maximum) {
        throw new MeshError(
          "RESOURCE_EXHAUSTED",
          `There are ${maximum} users: remove one that is needed no more`,
        );
      }
      requireRoles(roles, trust.view);
      requireFreeName(name, trust.view);
      requireFreeSubject(oidcSubject, trust.view);
      const user = await withAuthority(keyring, acting, password, async (authority) => {
        const { envelopes, key } = await newUser(
          { signer: trust, hasher },
          { name, roles: [...new Set(roles)], oidcSubject, password: newPassword, createdMs: trust.now() },
          authority,
          this.#options.passwordCost,
        );
        await trust.publish([...envelopes, ...(await this.#resealed(key.user, authority))]);
        return key.user;
      });
      this.#tell(user, `created with roles: ${user.roles.join(", ") || "none"}`, acting);
      return this.#viewOf(user, acting);
    });
  }

  change(id: string, change: UserChange, acting: Acting): Promise<UserView> {
    const { trust, keyring } = this.#components;
    return this.#serial.run(async () => {
      const before = this.#require(id);
      const changed = changedUser(before, change, trust.nextVersion(`user/${id}`));
      const what = describeChange(before, changed, change.newPassword !== undefined);
      requireRoles(changed.roles, trust.view, before.roles);
      requireFreeSubject(change.oidcSubject ?? null, trust.view, id);
      requireAdmin(trust.view, changed);
      const user = await withAuthority(keyring, acting, change.password, async (authority) => {
        if (what === "") return before;
        const { user: after, envelopes } = await this.#stated(changed, change.newPassword, authority);
        await trust.publish([...envelopes, ...(await this.#resealed(after, authority))]);
        return after;
      });
      if (what !== "") this.#tell(user, what, acting);
      return this.#viewOf(user, acting);
    });
  }

  remove(id: string, { password }: Confirmation, acting: Acting): Promise<void> {
    const { trust, keyring } = this.#components;
    return this.#serial.run(async () => {
      const removed = { ...this.#require(id), deleted: true, oidcSubject: null };
      requireAdmin(trust.view, removed);
      await withAuthority(keyring, acting, password, async (authority) => {
        const { user, envelopes } = await this.#stated(removed, undefined, authority);
        await trust.publish([...envelopes, ...(await this.#resealed(user, authority))]);
      });
      this.#tell(removed, "removed", acting);
    });
  }

  roles(): readonly RoleView[] {
    return this.#roles.list();
  }

  putRole(name: string, change: RoleChange, acting: Acting): Promise<RoleView> {
    return this.#serial.run(() => this.#roles.put(name, change, acting));
  }

  removeRole(name: string, confirmation: Confirmation, acting: Acting): Promise<void> {
    return this.#serial.run(() => this.#roles.remove(name, confirmation, acting));
  }

  /** Signs a user's next statement; with a new password, with new keys, so that all he had before is void. */
  async #stated(
    user: User,
    newPassword: string | undefined,
    authority: AuthorityKey,
  ): Promise<{ readonly user: User; readonly envelopes: readonly Envelope[] }> {
    const { trust, hasher } = this.#components;
    if (newPassword !== undefined) {
      const components = { signer: trust, hasher };
      const { passwordCost } = this.#options;
      const { envelopes, key } = await resetUser(components, user, newPassword, authority, passwordCost);
      return { user: key.user, envelopes };
    }
    const { version: _version, issuedAt: _issuedAt, ...draft } = user;
    const envelope = trust.sign(draft, [authority]);
    return { user: JSON.parse(envelope.statement) as User, envelopes: [envelope] };
  }

  /** The authority, sealed to whoever keeps it after a change; nothing when those are the same. */
  async #resealed(changed: User, authority: AuthorityKey): Promise<Envelope[]> {
    const { trust } = this.#components;
    if (!keepersChange(trust.view, changed)) return [];
    return [await authorityStatement(trust, keepersOf(trust.view, [changed]), authority)];
  }

  #require(id: string): User {
    const user = this.#components.trust.view.users.get(id);
    if (user === undefined) throw new MeshError("NOT_FOUND", "There is no such user");
    return user;
  }

  #tell({ name: userName }: User, change: string, acting: Acting): void {
    this.#components.onUserChanged?.({ userName, change }, acting);
  }

  #viewOf(user: User, acting: Acting): UserView {
    const { id, name, roles, disabled, oidcSubject, createdAt, issuedAt: updatedAt } = user;
    const canUnseal = keepsAuthority(user, this.#components.trust.view);
    return {
      id,
      name,
      roles,
      disabled,
      oidcSubject,
      createdAt,
      updatedAt,
      canUnseal,
      self: acting.principal.userId === id,
    };
  }
}
