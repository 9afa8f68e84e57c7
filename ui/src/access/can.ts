import type { Access, PrincipalView, Rule } from "@pi-controller/schema";

/**
 * Do the rules allow this? The same decision as the peer's, so that a page does not offer what would be refused;
 * the peer decides again in any case. Rules only ever add. A rule with names says nothing of an access without
 * one, such as to a whole list; a rule with namespaces says nothing of what is in none.
 */
export function can(rules: readonly Rule[], access: Access): boolean {
  return rules.some(
    (rule) =>
      includes(rule.verbs, access.verb) &&
      includes(rule.resources, access.resource) &&
      covers(rule.names, access.name) &&
      covers(rule.namespaces, access.namespace),
  );
}

function includes(allowed: readonly string[], wanted: string): boolean {
  return allowed.includes("*") || allowed.includes(wanted);
}

function covers(limit: readonly string[] | undefined, wanted: string | undefined): boolean {
  return limit === undefined || (wanted !== undefined && limit.includes(wanted));
}

/**
 * May the principal do something that also takes the authority of the mesh, which his password unseals? An admin
 * whom an OpenID provider alone knows has the right and no such password.
 */
export function canWithAuthority(principal: PrincipalView, access: Access): boolean {
  return principal.canUnseal && can(principal.rules, access);
}
