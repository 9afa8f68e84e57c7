import { builtInRoles, MeshError, type UserChange } from "@pi-controller/schema";
import { isBuiltIn } from "../authorization/effective-rules.ts";
import { keepersOf } from "../trust/building/authority.ts";
import type { StatementOf } from "../trust/statements.ts";
import type { TrustView } from "../trust/trust-port.ts";

type User = StatementOf<"user">;

/**
 * @param had roles that the user has already: one of them may be gone
 * @throws MeshError INVALID_ARGUMENT naming each role that there is not
 */
export function requireRoles(roles: readonly string[], view: TrustView, had: readonly string[] = []): void {
  const fields = roles.flatMap((role, index) =>
    isBuiltIn(role) || view.roles.has(role) || had.includes(role)
      ? []
      : [{ field: `roles[${index}]`, message: `there is no role ${role}` }],
  );
  if (fields.length === 0) return;
  const known = [...Object.keys(builtInRoles), ...view.roles.keys()].slice(0, 20).join(", ");
  const unknown = fields.map(({ message }) => message).join("; ");
  throw new MeshError("INVALID_ARGUMENT", `Invalid user: ${unknown} (there are ${known})`, { fields });
}

/** @throws MeshError ALREADY_EXISTS when a user has the name */
export function requireFreeName(name: string, view: TrustView): void {
  for (const user of view.users.values()) {
    if (user.name.toLowerCase() !== name.toLowerCase()) continue;
    throw new MeshError("ALREADY_EXISTS", `There is a user ${name} already`);
  }
}

/**
 * @param self the user who may have it already
 * @throws MeshError ALREADY_EXISTS when another user is this person at the OpenID provider
 */
export function requireFreeSubject(subject: string | null, view: TrustView, self?: string): void {
  if (subject === null) return;
  for (const user of view.users.values()) {
    if (user.id === self || user.oidcSubject !== subject) continue;
    throw new MeshError(
      "ALREADY_EXISTS",
      `${user.name} is linked to this person at the OpenID provider already`,
    );
  }
}

/** @throws MeshError FAILED_PRECONDITION when nobody would be left who can unseal the authority */
export function requireAdmin(view: TrustView, changed: User): void {
  if (keepersOf(view, [changed]).length > 0) return;
  throw new MeshError(
    "FAILED_PRECONDITION",
    `${changed.name} is the last admin: make somebody else one first`,
  );
}

/**
 * Whether the authority has to be sealed anew: when others keep it than before, or one of them has another key.
 * That takes it from whoever is no admin any more only as far as he kept no copy: its keys stay what they are.
 */
export function keepersChange(view: TrustView, changed: User): boolean {
  const describe = (keepers: readonly User[]) =>
    keepers
      .map(({ id, boxKey }) => `${id} ${boxKey}`)
      .toSorted((one, other) => (one < other ? -1 : 1))
      .join();
  const sealedTo = keepersOf(view).filter(({ id }) => view.authorityBoxes?.boxes[id] !== undefined);
  return describe(sealedTo) !== describe(keepersOf(view, [changed]));
}

/** A user as a change leaves him, his keys apart. @param version that his statement will have */
export function changedUser(user: User, change: UserChange, version: number): User {
  const { roles, disabled, oidcSubject, newPassword } = change;
  // Who he was at the provider may not be he: sessions that began there must not go on.
  const isUnlinked =
    user.oidcSubject !== null && oidcSubject !== undefined && oidcSubject !== user.oidcSubject;
  const endsSessions = newPassword !== undefined || (disabled === true && !user.disabled) || isUnlinked;
  return {
    ...user,
    ...(roles === undefined ? {} : { roles: [...new Set(roles)] }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(oidcSubject === undefined ? {} : { oidcSubject }),
    ...(endsSessions ? { sessionsSince: version } : {}),
  };
}

/** What a change comes to, for people; empty when it changes nothing. */
export function describeChange(before: User, after: User, newPassword: boolean): string {
  const parts = [
    before.roles.join() === after.roles.join() ? [] : `roles: ${after.roles.join(", ") || "none"}`,
    before.disabled === after.disabled ? [] : after.disabled ? "disabled" : "enabled",
    before.oidcSubject === after.oidcSubject
      ? []
      : after.oidcSubject === null
        ? "unlinked from the OpenID provider"
        : "linked to the OpenID provider",
    newPassword ? "password reset" : [],
  ];
  return parts.flat().join("; ");
}
