import * as z from "zod";

/** What can be done with a resource, as in Kubernetes' RBAC; `approve` and `revoke` are ours. */
export const verbs = ["get", "list", "watch", "create", "update", "delete", "approve", "revoke"] as const;
export const verbSchema = z.enum(verbs);
export type Verb = z.infer<typeof verbSchema>;

/** What can be done something with. A resource is added with the feature that brings it. */
export const resources = [
  "nodes",
  "metrics",
  "events",
  "mesh",
  "health",
  "users",
  "roles",
  "sessions",
  "api-tokens",
  "join-tokens",
  "pending-nodes",
  "certificates",
  "client-certificates",
  "audit",
  "inventory",
  "gpio",
  "gpio-stops",
  "gpio-quotas",
  "gpio-policy",
  "jobs",
] as const;
export const resourceSchema = z.enum(resources);
export type Resource = z.infer<typeof resourceSchema>;

/** Things that belong to a tenant are in a namespace (GPIO reservations, jobs); nodes and users are in none. */
export const namespaceSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a namespace: 1 to 63 of a-z, 0-9 and - inside");

export const roleNameSchema = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "expected a role name: 1 to 63 of a-z, 0-9 and - inside");

export const userNameSchema = z
  .string()
  .regex(
    /^[a-z]([a-z0-9._-]{0,30}[a-z0-9])?$/,
    "expected a user name: 1 to 32 of a-z, 0-9 and . _ - inside, from a letter",
  );

/**
 * Allows some verbs on some resources (Kubernetes' RBAC: rules only ever add). What is left out of `namespaces`
 * or `names` allows all of them; a rule with namespaces says nothing of what is in none.
 */
export const ruleSchema = z.strictObject({
  verbs: z.array(z.union([z.literal("*"), verbSchema])).min(1),
  resources: z.array(z.union([z.literal("*"), resourceSchema])).min(1),
  namespaces: z.array(namespaceSchema).min(1).max(64).optional(),
  /** Ids of single things, as of one node. */
  names: z.array(z.string().min(1).max(256)).min(1).max(64).optional(),
});
export type Rule = z.infer<typeof ruleSchema>;

/** What somebody wants to do. */
export interface Access {
  readonly verb: Verb;
  readonly resource: Resource;
  /**
   * `{ any: true }` asks whether it is allowed in some namespace at all: before it is known which one it is about, by
   * whoever asks again when that is known.
   */
  readonly namespace?: string | { readonly any: true };
  /** Id of the one thing that it is done to. */
  readonly name?: string;
}

const seen = ["nodes", "metrics", "events", "mesh", "health", "gpio-quotas", "gpio-policy"] as const;

/** Roles that every mesh has and nobody can change. */
export const builtInRoles = {
  admin: { description: "May do everything", rules: [{ verbs: ["*"], resources: ["*"] }] },
  operator: {
    description: "Works with pins and jobs, and sees what a monitor sees",
    rules: [
      { verbs: ["*"], resources: ["gpio", "gpio-stops", "jobs"] },
      { verbs: ["get", "list", "watch"], resources: seen },
    ],
  },
  monitor: {
    description: "Sees the nodes, what they measure and what happens",
    rules: [{ verbs: ["get", "list", "watch"], resources: [...seen, "gpio", "gpio-stops"] }],
  },
} as const satisfies Record<string, { description: string; rules: readonly RuleInput[] }>;

interface RuleInput {
  readonly verbs: readonly (Verb | "*")[];
  readonly resources: readonly (Resource | "*")[];
}

/**
 * Whether one of the rules allows something, as in Kubernetes' RBAC: verb, resource, namespace and name must all be
 * in it. Rules only ever add. One with namespaces says nothing of what is in none, and one with names nothing of what
 * has none, such as a list. Peers decide by it, and pages do not offer what would be refused.
 */
export function rulesAllow(rules: readonly Rule[], { verb, resource, namespace, name }: Access): boolean {
  return rules.some(
    (rule) =>
      includes(rule.verbs, verb) &&
      includes(rule.resources, resource) &&
      (typeof namespace === "object" || isAmong(rule.namespaces, namespace)) &&
      isAmong(rule.names, name),
  );
}

function includes(allowed: readonly string[], item: string): boolean {
  return allowed.includes(item) || allowed.includes("*");
}

function isAmong(allowed: readonly string[] | undefined, item: string | undefined): boolean {
  return allowed === undefined || (item !== undefined && allowed.includes(item));
}
