import type { FunctionComponent } from "preact";
import { TabbedPage } from "../components/tabbed-page.tsx";
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
  if (principal === null) return null;
  return (
    <TabbedPage
      title="Security"
      section={section}
      shown={shownSections(principal)}
      titles={sectionTitles}
      contents={contents}
      pathOf={securityPath}
    />
  );
}
