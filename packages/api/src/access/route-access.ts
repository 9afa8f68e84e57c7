import type { Access, Resource, Verb } from "@pi-controller/schema";

/** The right that something takes; `name` and `namespace` say which parameter of the path has them. */
export interface AccessRule {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly name?: string;
  readonly namespace?: string;
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
  const namespace = rule.namespace === undefined ? undefined : params[rule.namespace];
  return {
    verb,
    resource,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** As people and the inventory read it: `public`, `authenticated` or `delete nodes`. */
export function accessText(access: RouteAccess): string {
  return typeof access === "string" ? access : `${access.verb} ${access.resource}`;
}
