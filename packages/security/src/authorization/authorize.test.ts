import {
  type Access,
  builtInRoles,
  type Resource,
  type Rule,
  resources,
  rulesAllow,
  type Verb,
  verbs,
} from "@pi-controller/schema";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorize } from "./authorize.ts";
import { effectiveRules, intersectRules } from "./effective-rules.ts";

const someVerbs = ["get", "list", "delete"] as const satisfies Verb[];
const someResources = ["nodes", "gpio", "users"] as const satisfies Resource[];
const someNames = ["pi-1", "pi-2"];

const rule: fc.Arbitrary<Rule> = fc.record(
  {
    verbs: fc.uniqueArray(fc.constantFrom<Verb | "*">("*", ...someVerbs), { minLength: 1 }),
    resources: fc.uniqueArray(fc.constantFrom<Resource | "*">("*", ...someResources), { minLength: 1 }),
    namespaces: fc.uniqueArray(fc.constantFrom("plant", "home"), { minLength: 1 }),
    names: fc.uniqueArray(fc.constantFrom(...someNames), { minLength: 1 }),
  },
  { requiredKeys: ["verbs", "resources"] },
);
const rules = fc.array(rule, { maxLength: 5 });

/** Every access that the rules above could tell apart. */
const allAccesses: Access[] = someVerbs.flatMap((verb) =>
  someResources.flatMap((resource) =>
    [undefined, "plant", "home", "other"].flatMap((namespace) =>
      [undefined, ...someNames, "pi-3"].map((name) => ({
        verb,
        resource,
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
      })),
    ),
  ),
);

/** RBAC spelled out: expands a rule to all that it allows, and looks whether the access is among it. */
function naivelyAllowed(list: readonly Rule[], access: Access): boolean {
  return list.some((one) => {
    const expanded = (one.verbs.includes("*") ? [...verbs] : one.verbs).flatMap((verb) =>
      (one.resources.includes("*") ? [...resources] : one.resources).flatMap((resource) =>
        (one.namespaces ?? [undefined, "plant", "home", "other"]).flatMap((namespace) =>
          (one.names ?? [undefined, ...someNames, "pi-3"]).map((name) =>
            JSON.stringify([verb, resource, namespace ?? null, name ?? null]),
          ),
        ),
      ),
    );
    const { verb, resource, namespace, name } = access;
    return expanded.includes(JSON.stringify([verb, resource, namespace ?? null, name ?? null]));
  });
}

describe("authorize", () => {
  it("decides as rules spelled out one by one do", () => {
    fc.assert(
      fc.property(rules, fc.constantFrom(...allAccesses), (list, access) => {
        const allowed = authorize({ userName: "ada", rules: list }, access) === undefined;
        expect(allowed).toBe(naivelyAllowed(list, access));
      }),
      { numRuns: 500 },
    );
  });

  it("allows with a scope exactly what both the roles and the scope allow", () => {
    fc.assert(
      fc.property(rules, rules, (granted, scope) => {
        const both = intersectRules(granted, scope);
        for (const access of allAccesses) {
          expect(rulesAllow(both, access)).toBe(rulesAllow(granted, access) && rulesAllow(scope, access));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("says in words what is not allowed", () => {
    const access: Access = { verb: "delete", resource: "gpio", namespace: "plant", name: "pin-4" };
    expect(authorize({ userName: "ada", rules: [] }, access)).toBe(
      "ada may not delete gpio pin-4 in namespace plant",
    );
  });

  it("lets nobody list who may see single things only", () => {
    const list: Rule[] = [{ verbs: ["*"], resources: ["nodes"], names: ["pi-1"] }];
    expect(rulesAllow(list, { verb: "get", resource: "nodes", name: "pi-1" })).toBe(true);
    expect(rulesAllow(list, { verb: "list", resource: "nodes" })).toBe(false);
  });
});

describe("effectiveRules", () => {
  const custom = new Map([
    ["gardener", { rules: [{ verbs: ["update"], resources: ["gpio"], namespaces: ["garden"] }] as Rule[] }],
    ["admin", { rules: [] as Rule[] }],
  ]);

  it("adds up the roles, and gives nothing for one that does not exist", () => {
    const mine = effectiveRules(["monitor", "gardener", "gone"], custom, null);
    expect(rulesAllow(mine, { verb: "get", resource: "metrics" })).toBe(true);
    expect(rulesAllow(mine, { verb: "update", resource: "gpio", namespace: "garden" })).toBe(true);
    expect(rulesAllow(mine, { verb: "update", resource: "gpio", namespace: "home" })).toBe(false);
    expect(rulesAllow(mine, { verb: "delete", resource: "users" })).toBe(false);
    expect(effectiveRules(["gone"], custom, null)).toEqual([]);
  });

  it("keeps the built-in roles, whatever a custom one is called", () => {
    expect(effectiveRules(["admin"], custom, null)).toEqual(builtInRoles.admin.rules);
    expect(effectiveRules(["constructor"], custom, null)).toEqual([]);
  });

  it("never widens by a scope: an operator's token for everything is no admin's", () => {
    const all: Rule[] = [{ verbs: ["*"], resources: ["*"] }];
    const mine = effectiveRules(["operator"], custom, all);
    expect(rulesAllow(mine, { verb: "create", resource: "jobs" })).toBe(true);
    expect(rulesAllow(mine, { verb: "create", resource: "users" })).toBe(false);
  });

  it("stays bounded with absurd roles and scopes", () => {
    const many: Rule[] = Array.from({ length: 64 }, (_, index) => ({
      verbs: ["get"],
      resources: ["*"],
      names: [`pi-${index}`],
    }));
    const roles = Array.from({ length: 32 }, (_, index) => `role-${index}`);
    const all: Rule[] = Array.from({ length: 64 }, () => ({ verbs: ["*"], resources: ["*"] }));
    const absurd = effectiveRules(roles, new Map(roles.map((role) => [role, { rules: many }])), all);
    expect(absurd.length).toBeLessThanOrEqual(1_024);
  });
});
