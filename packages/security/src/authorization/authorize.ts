import type { Access, Rule } from "@pi-controller/schema";

/**
 * Whether a rule allows something, as in Kubernetes' RBAC: verb, resource, namespace and name must all be in it.
 * A rule with namespaces says nothing of what is in none, and one with names nothing of what has none, such as a
 * list.
 */
export function ruleAllows(rule: Rule, access: Access): boolean {
  return (
    includes(rule.verbs, access.verb) &&
    includes(rule.resources, access.resource) &&
    isAmong(rule.namespaces, access.namespace) &&
    isAmong(rule.names, access.name)
  );
}

/** Whether one of the rules allows it. Rules only ever add, so that their order means nothing. */
export function rulesAllow(rules: readonly Rule[], access: Access): boolean {
  return rules.some((rule) => ruleAllows(rule, access));
}

/**
 * The one decision of who may do what: pure, and called for every request, stream and message.
 *
 * @param principal who asks, with all that his roles and the scope of his credential leave him
 * @returns undefined when it is allowed, else why not, for people
 */
export function authorize(
  principal: { readonly userName: string; readonly rules: readonly Rule[] },
  access: Access,
): string | undefined {
  return rulesAllow(principal.rules, access)
    ? undefined
    : `${principal.userName} may not ${describeAccess(access)}`;
}

/** As `delete nodes pi-3 in namespace plant`. */
function describeAccess({ verb, resource, namespace, name }: Access): string {
  return [verb, resource, name, namespace === undefined ? undefined : `in namespace ${namespace}`]
    .filter((part) => part !== undefined)
    .join(" ");
}

function includes<Item extends string>(allowed: readonly (Item | "*")[], item: Item): boolean {
  return allowed.includes(item) || allowed.includes("*");
}

function isAmong(allowed: readonly string[] | undefined, item: string | undefined): boolean {
  return allowed === undefined || (item !== undefined && allowed.includes(item));
}
