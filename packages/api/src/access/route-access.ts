import type { Access, Resource, Verb } from "@pi-controller/schema";

/** The right that something takes; `name` and `namespace` say which parameter of the path has them. */
export interface AccessRule {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly name?: string;
  /**
   * `any`: the path does not say it, the body or the stored thing does. Asked here is whether it is allowed in some
   * namespace at all; whoever learns which one it is asks again.
   */
  readonly namespace?: string | { readonly any: true };
}

/**
 * Who may use a route: anybody (it is on the list of public ones), anybody who has proven who he is (what concerns
 * himself alone), or who has a right.
 */
export type RouteAccess = "public" | "authenticated" | AccessRule;

/** Pure: the right that a request takes, from its route's rule and the parameters of its path. */
export function accessOf(rule: AccessRule, params: Readonly<Record<string, string>>): Access {
  const { verb, resource } = rule;
  const name = rule.name === undefined ? undefined : params[rule.name];
  const namespace = typeof rule.namespace === "string" ? params[rule.namespace] : rule.namespace;
  return {
    verb,
    resource,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/**
 * As people and the inventory read it: `public`, `authenticated`, `delete nodes`, `update gpio in its namespace` or
 * `delete gpio in its namespace, with force=true revoke gpio in its namespace`.
 */
export function accessText(access: RouteAccess, withForce?: AccessRule): string {
  const forced = withForce === undefined ? "" : `, with force=true ${accessText(withForce)}`;
  if (typeof access === "string") return `${access}${forced}`;
  const place = access.namespace === undefined ? "" : " in its namespace";
  return `${rightText(access)}${place}${forced}`;
}

/** As the audit log names what was done: `delete nodes`. */
export function rightText({ verb, resource }: AccessRule): string {
  return `${verb} ${resource}`;
}
