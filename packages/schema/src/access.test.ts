import { describe, expect, it } from "vitest";
import { builtInRoles, type Rule, rulesAllow } from "./access.ts";

const monitor = builtInRoles.monitor.rules as unknown as readonly Rule[];
const admin = builtInRoles.admin.rules as unknown as readonly Rule[];

describe("rulesAllow", () => {
  it("lets a monitor look at nodes and change none", () => {
    expect(rulesAllow(monitor, { verb: "list", resource: "nodes" })).toBe(true);
    expect(rulesAllow(monitor, { verb: "update", resource: "nodes" })).toBe(false);
    expect(rulesAllow(monitor, { verb: "list", resource: "users" })).toBe(false);
  });

  it("lets an admin do everything, also with what is in a namespace", () => {
    expect(rulesAllow(admin, { verb: "revoke", resource: "nodes", name: "12D3KooW" })).toBe(true);
    expect(rulesAllow(admin, { verb: "create", resource: "jobs", namespace: "home" })).toBe(true);
  });

  it("allows a rule with names for these alone, and for no whole list", () => {
    const rules: readonly Rule[] = [{ verbs: ["*"], resources: ["nodes"], names: ["node-0001"] }];
    expect(rulesAllow(rules, { verb: "update", resource: "nodes", name: "node-0001" })).toBe(true);
    expect(rulesAllow(rules, { verb: "update", resource: "nodes", name: "node-0002" })).toBe(false);
    expect(rulesAllow(rules, { verb: "list", resource: "nodes" })).toBe(false);
  });

  it("takes a rule with namespaces to say nothing of what is in none", () => {
    const rules: readonly Rule[] = [{ verbs: ["get"], resources: ["*"], namespaces: ["home"] }];
    expect(rulesAllow(rules, { verb: "get", resource: "jobs", namespace: "home" })).toBe(true);
    expect(rulesAllow(rules, { verb: "get", resource: "jobs", namespace: "garage" })).toBe(false);
    expect(rulesAllow(rules, { verb: "get", resource: "nodes" })).toBe(false);
  });

  it("allows nothing without a rule, and nothing that two rules only allow together", () => {
    const halves: readonly Rule[] = [
      { verbs: ["get"], resources: ["nodes"] },
      { verbs: ["delete"], resources: ["events"] },
    ];
    expect(rulesAllow([], { verb: "get", resource: "nodes" })).toBe(false);
    expect(rulesAllow(halves, { verb: "delete", resource: "nodes" })).toBe(false);
  });

  it("says whether something is allowed in some namespace, before it is known which one", () => {
    const rules: readonly Rule[] = [{ verbs: ["get"], resources: ["gpio"], namespaces: ["home"] }];
    expect(rulesAllow(rules, { verb: "get", resource: "gpio", namespace: { any: true } })).toBe(true);
    expect(rulesAllow(rules, { verb: "delete", resource: "gpio", namespace: { any: true } })).toBe(false);
  });
});
