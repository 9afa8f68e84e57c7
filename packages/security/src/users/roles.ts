import {
  builtInRoles,
  type Confirmation,
  MeshError,
  parseInput,
  type RoleChange,
  type RoleView,
  roleNameSchema,
} from "@pi-controller/schema";
import { isBuiltIn, rulesOfRole } from "../authorization/effective-rules.ts";
import type { Keyring } from "../keys.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { Acting } from "../use-cases.ts";
import { withAuthority } from "./acting-user.ts";

export interface RolesComponents {
  readonly trust: Pick<TrustPort, "view" | "sign" | "publish">;
  readonly keyring: Pick<Keyring, "unlockAuthority">;
}

const MAX_ROLES = 200;
/** How many users are named who have a role that is to go. */
const MAX_NAMED = 5;

/** Custom roles. However much one allows, it makes nobody a keeper of the authority: the built-in `admin` alone does. */
export class Roles {
  readonly #components: RolesComponents;

  constructor(components: RolesComponents) {
    this.#components = components;
  }

  list(): RoleView[] {
    const { roles } = this.#components.trust.view;
    const builtIn = Object.entries(builtInRoles).map(([name, { description }]) => ({
      name,
      description,
      rules: [...(rulesOfRole(name, roles) ?? [])],
      builtIn: true,
    }));
    const custom = [...roles.values()]
      .filter(({ name }) => !isBuiltIn(name))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, description, rules }) => ({ name, description, rules, builtIn: false }));
    return [...builtIn, ...custom];
  }

  async put(name: string, change: RoleChange, acting: Acting): Promise<RoleView> {
    const { trust, keyring } = this.#components;
    requireCustom(parseInput(roleNameSchema, name, "role name"));
    const before = trust.view.roles.get(name);
    if (before === undefined && trust.view.roles.size >= MAX_ROLES) {
      throw new MeshError(
        "RESOURCE_EXHAUSTED",
        `There are ${MAX_ROLES} roles: remove one that is needed no more`,
      );
    }
    const description = change.description ?? before?.description ?? "";
    const role = { kind: "role", name, description, rules: change.rules, deleted: false } as const;
    await withAuthority(keyring, acting, change.password, (authority) =>
      trust.publish([trust.sign(role, [authority])]),
    );
    return { name, description, rules: change.rules, builtIn: false };
  }

  async remove(name: string, { password }: Confirmation, acting: Acting): Promise<void> {
    const { trust, keyring } = this.#components;
    requireCustom(name);
    const before = trust.view.roles.get(name);
    if (before === undefined) throw new MeshError("NOT_FOUND", `There is no role ${name}`);
    const users = [...trust.view.users.values()].filter(({ roles }) => roles.includes(name));
    if (users.length > 0) {
      const named = users.slice(0, MAX_NAMED).map((user) => user.name);
      const rest = users.length > MAX_NAMED ? ` and ${users.length - MAX_NAMED} more` : "";
      throw new MeshError(
        "FAILED_PRECONDITION",
        `The role ${name} is in use: ${named.join(", ")}${rest} have it`,
      );
    }
    const { description } = before;
    const role = { kind: "role" as const, name, description, rules: [], deleted: true };
    await withAuthority(keyring, acting, password, (authority) =>
      trust.publish([trust.sign(role, [authority])]),
    );
  }
}

function requireCustom(name: string): void {
  if (isBuiltIn(name)) throw new MeshError("FAILED_PRECONDITION", `The role ${name} is built in`);
}
