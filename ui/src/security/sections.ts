import type { PrincipalView, Resource } from "@pi-controller/schema";
import { rulesAllow } from "@pi-controller/schema";
import { type SecuritySection, securitySections } from "../route/route.ts";

export const sectionTitles: Readonly<Record<SecuritySection, string>> = {
  overview: "Overview",
  "join-tokens": "Join tokens",
  users: "Users",
  roles: "Roles",
  sessions: "Sessions",
  "api-tokens": "API tokens",
  certificates: "Certificates",
  "client-certificates": "Client certificates",
  audit: "Audit",
};

/** Where everybody sees at least what is his own, or what is public. */
const everybodys: readonly SecuritySection[] = [
  "overview",
  "sessions",
  "api-tokens",
  "certificates",
  "client-certificates",
];

/** The parts of the security area that a user may see. */
export function shownSections(principal: PrincipalView): readonly SecuritySection[] {
  return securitySections.filter(
    (section) =>
      everybodys.includes(section) ||
      rulesAllow(principal.rules, { verb: "list", resource: section as Resource }),
  );
}
