import type { StatementOf, UserId } from "./statements.ts";

const ADMIN = "admin";

type User = StatementOf<"user">;

/**
 * Pure: who is an admin after all where nobody is one. On two nodes at once, two admins may have taken the role from
 * each other, or disabled each other: what is left of the two is a mesh that nobody could ever change again. Then
 * those count as admins, on every node alike, to whom the authority is sealed: they can open it in any case.
 *
 * @param users that are not deleted
 * @returns them as they count; none when there is an admin, as nearly always
 */
export function lastKeepers(
  users: ReadonlyMap<UserId, User>,
  authority: StatementOf<"authority"> | undefined,
): readonly User[] {
  for (const { disabled, roles } of users.values()) if (!disabled && roles.includes(ADMIN)) return [];
  return Object.keys(authority?.boxes ?? {}).flatMap((id) => {
    const user = users.get(id);
    if (user === undefined) return [];
    return [{ ...user, disabled: false, roles: [...new Set([...user.roles, ADMIN])] }];
  });
}
