import { builtInRoles, type Rule } from "@pi-controller/schema";

/**
 * Bounds what one request costs to decide. Only absurd roles and scopes get there; what goes beyond is not allowed,
 * which is the safe side.
 */
const MAX_RULES = 1_024;

export type CustomRoles = ReadonlyMap<string, { readonly rules: readonly Rule[] }>;

/**
 * What somebody may do: all that his roles allow, and of that only what the scope of his credential allows, too.
 *
 * @param roles names; one that does not exist (any more) gives nothing
 * @param customRoles those of the mesh, by name; none of them stands in for a built-in one
 * @param scope null when the credential narrows nothing
 */
export function effectiveRules(
  roles: readonly string[],
  customRoles: CustomRoles,
  scope: readonly Rule[] | null,
): readonly Rule[] {
  const granted = roles.flatMap((role) => rulesOfRole(role, customRoles) ?? []);
  return scope === null ? granted.slice(0, MAX_RULES) : intersectRules(granted, scope);
}

/** @returns the rules of a role, or undefined when there is no such role */
export function rulesOfRole(role: string, customRoles: CustomRoles): readonly Rule[] | undefined {
  return isBuiltIn(role)
    ? builtInRoles[role].rules.map(({ verbs, resources }) => ({
        verbs: [...verbs],
        resources: [...resources],
      }))
    : customRoles.get(role)?.rules;
}

export function isBuiltIn(role: string): role is keyof typeof builtInRoles {
  return Object.hasOwn(builtInRoles, role);
}

/** Rules that allow exactly what both lists allow: each pair of rules, taken together. */
export function intersectRules(some: readonly Rule[], others: readonly Rule[]): Rule[] {
  const both: Rule[] = [];
  for (const one of some) {
    for (const other of others) {
      const rule = intersection(one, other);
      if (rule !== undefined) both.push(rule);
      if (both.length >= MAX_RULES) return both;
    }
  }
  return both;
}

function intersection(one: Rule, other: Rule): Rule | undefined {
  const verbs = common(one.verbs, other.verbs);
  const resources = common(one.resources, other.resources);
  const namespaces = commonOptional(one.namespaces, other.namespaces);
  const names = commonOptional(one.names, other.names);
  if ([verbs, resources, namespaces, names].some((list) => list?.length === 0)) return undefined;
  return {
    verbs,
    resources,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(names === undefined ? {} : { names }),
  };
}

function common<Item extends string>(
  some: readonly (Item | "*")[],
  others: readonly (Item | "*")[],
): (Item | "*")[] {
  if (some.includes("*")) return [...others];
  if (others.includes("*")) return [...some];
  return some.filter((item) => others.includes(item));
}

/** As `common`; a list that was left out has everything in it. */
function commonOptional(
  some: readonly string[] | undefined,
  others: readonly string[] | undefined,
): string[] | undefined {
  if (some === undefined || others === undefined) return (some ?? others)?.slice();
  return some.filter((item) => others.includes(item));
}
