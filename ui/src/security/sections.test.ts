import { builtInRoles, type PrincipalView, type Rule, resources } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { securitySections } from "../route/route.ts";
import { shownSections } from "./sections.ts";

const principalOf = (rules: readonly unknown[]): PrincipalView => ({
  userId: "u1",
  userName: "ann",
  roles: [],
  rules: rules as Rule[],
  via: "session",
  idleExpiresAt: null,
  expiresAt: null,
  canUnseal: false,
});

describe("shownSections", () => {
  it("shows an admin everything", () => {
    expect(shownSections(principalOf(builtInRoles.admin.rules))).toEqual(securitySections);
  });

  it("shows a monitor what is his own and what is public", () => {
    expect(shownSections(principalOf(builtInRoles.monitor.rules))).toEqual([
      "overview",
      "sessions",
      "api-tokens",
      "certificates",
      "client-certificates",
    ]);
  });

  it("has a section for resources alone, so that rules can be about each", () => {
    const known: readonly string[] = [...resources, "overview"];
    expect(securitySections.filter((section) => !known.includes(section))).toEqual([]);
  });
});
