import type { FunctionComponent } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useIdentity } from "../identity/identity-context.ts";
import { type SecuritySection, securityPath } from "../route/route.ts";
import { ApiTokensSection } from "./api-tokens/api-tokens-section.tsx";
import { AuditSection } from "./audit/audit-section.tsx";
import { CertificatesSection } from "./certificates/certificates-section.tsx";
import { ClientCertificatesSection } from "./certificates/client-certificates-section.tsx";
import { JoinTokensSection } from "./join-tokens/join-tokens-section.tsx";
import { Overview } from "./overview.tsx";
import { RolesSection } from "./roles/roles-section.tsx";
import { sectionTitles, shownSections } from "./sections.ts";
import { SessionsSection } from "./sessions/sessions-section.tsx";
import { UsersSection } from "./users/users-section.tsx";

const contents: Readonly<Record<SecuritySection, FunctionComponent>> = {
  overview: Overview,
  "join-tokens": JoinTokensSection,
  users: UsersSection,
  roles: RolesSection,
  sessions: SessionsSection,
  "api-tokens": ApiTokensSection,
  certificates: CertificatesSection,
  "client-certificates": ClientCertificatesSection,
  audit: AuditSection,
};

/** Who and what is trusted, and who did what. Only the parts that the user may see are offered. */
export function SecurityPage({ section }: { readonly section: SecuritySection }) {
  const principal = useIdentity().principal.value;
  const nav = useRef<HTMLElement>(null);
  // On a phone there are more tabs than fit.
  useEffect(() => {
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [section]);
  if (principal === null) return null;
  const shown = shownSections(principal);
  const Content = contents[section];
  return (
    <>
      <div class="title">
        <h1>Security</h1>
      </div>
      <nav class="tabs" aria-label="Security" ref={nav}>
        {shown.map((name) => (
          <a key={name} href={securityPath(name)} aria-current={name === section ? "page" : undefined}>
            {sectionTitles[name]}
          </a>
        ))}
      </nav>
      {shown.includes(section) ? (
        <Content key={section} />
      ) : (
        <section class="empty">
          <h2>You may not see this</h2>
          <p>Your role does not include it. An admin can give you another one.</p>
        </section>
      )}
    </>
  );
}
