import { type Access, type Rule, rulesAllow } from "@pi-controller/schema";

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
function describeAccess(access: Access): string {
  const { verb, resource, name, namespace } = access;
  return [verb, resource, name, typeof namespace === "string" ? `in namespace ${namespace}` : undefined]
    .filter((part) => part !== undefined)
    .join(" ");
}
