import { builtInRoles, type PrincipalView, type Rule } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { canWithAuthority } from "./can.ts";

const admin = builtInRoles.admin.rules as unknown as readonly Rule[];

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
