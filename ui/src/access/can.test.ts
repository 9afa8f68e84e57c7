import { builtInRoles, type PrincipalView, type Rule } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { can, canWithAuthority } from "./can.ts";

const monitor = builtInRoles.monitor.rules as unknown as readonly Rule[];
const admin = builtInRoles.admin.rules as unknown as readonly Rule[];

describe("can", () => {
  it("lets a monitor look at nodes and change none", () => {
    expect(can(monitor, { verb: "list", resource: "nodes" })).toBe(true);
    expect(can(monitor, { verb: "update", resource: "nodes" })).toBe(false);
    expect(can(monitor, { verb: "list", resource: "users" })).toBe(false);
  });

  it("lets an admin do everything, also with what is in a namespace", () => {
    expect(can(admin, { verb: "revoke", resource: "nodes", name: "12D3KooW" })).toBe(true);
    expect(can(admin, { verb: "create", resource: "jobs", namespace: "home" })).toBe(true);
  });

  it("allows a rule with names for these alone, and for no whole list", () => {
    const rules: readonly Rule[] = [{ verbs: ["*"], resources: ["nodes"], names: ["node-0001"] }];
    expect(can(rules, { verb: "update", resource: "nodes", name: "node-0001" })).toBe(true);
    expect(can(rules, { verb: "update", resource: "nodes", name: "node-0002" })).toBe(false);
    expect(can(rules, { verb: "list", resource: "nodes" })).toBe(false);
  });

  it("takes a rule with namespaces to say nothing of what is in none", () => {
    const rules: readonly Rule[] = [{ verbs: ["get"], resources: ["*"], namespaces: ["home"] }];
    expect(can(rules, { verb: "get", resource: "jobs", namespace: "home" })).toBe(true);
    expect(can(rules, { verb: "get", resource: "jobs", namespace: "garage" })).toBe(false);
    expect(can(rules, { verb: "get", resource: "nodes" })).toBe(false);
  });

  it("allows nothing without a rule, and nothing that two rules only allow together", () => {
    const halves: readonly Rule[] = [
      { verbs: ["get"], resources: ["nodes"] },
      { verbs: ["delete"], resources: ["events"] },
    ];
    expect(can([], { verb: "get", resource: "nodes" })).toBe(false);
    expect(can(halves, { verb: "delete", resource: "nodes" })).toBe(false);
  });
});

describe("canWithAuthority", () => {
  it("needs the right and a password that unseals the authority", () => {
    const principal: PrincipalView = {
      userId: null,
      userName: "ann",
      roles: ["admin"],
      rules: [...admin],
      via: "oidc",
      idleExpiresAt: null,
      expiresAt: null,
      canUnseal: false,
    };
    const access = { verb: "approve", resource: "pending-nodes" } as const;
    expect(canWithAuthority(principal, access)).toBe(false);
    expect(canWithAuthority({ ...principal, canUnseal: true }, access)).toBe(true);
  });
});
