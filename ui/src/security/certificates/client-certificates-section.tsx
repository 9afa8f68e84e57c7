import type { ClientCertificateView } from "@pi-controller/schema";
import { useState } from "preact/hooks";
import { useClient } from "../../client-context.ts";
import { CredentialBadge } from "../../components/credential-state.tsx";
import { FromNow } from "../../components/from-now.tsx";
import { Icon } from "../../components/icon.tsx";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { ConfirmDialog } from "../../forms/confirm-dialog.tsx";
import { CONFIRMED } from "../../forms/timeouts.ts";
import { useMay, useMayWithAuthority } from "../../identity/identity-context.ts";
import { useLoaded } from "../../session/use-loaded.ts";
import { OwnOrAllChoice } from "../own-or-all.tsx";
import { Section } from "../section.tsx";
import { IssueClientCertificateDialog } from "./issue-client-certificate-dialog.tsx";

/** Certificates with which programs log in: one's own, or everybody's. */
export function ClientCertificatesSection() {
  const client = useClient();
  const mayAll = useMay()("list", "client-certificates");
  const may = useMayWithAuthority();
  const [all, setAll] = useState(false);
  const loaded = useLoaded((peer, call) => peer.clientCertificates.list({ all }, call), [all]);
  const [issuing, setIssuing] = useState(false);
  const [revoking, setRevoking] = useState<ClientCertificateView | null>(null);
  return (
    <Section
      title={all ? "Client certificates of all users" : "Your client certificates"}
      lead="For programs that keep a key of their own and prove it with TLS, where a token could be read along."
      actions={
        may("create", "client-certificates") && (
          <button type="button" class="primary" onClick={() => setIssuing(true)}>
            <Icon name="plus" /> New client certificate
          </button>
        )
      }
    >
      {mayAll && <OwnOrAllChoice all={all} onChange={setAll} />}
      <LoadedContent loaded={loaded}>
        {(certificates) => (
          <ListTable
            label="Client certificates"
            rows={certificates}
            keyOf={({ fingerprint }) => fingerprint}
            empty={<p>{all ? "Nobody has one." : "You have none."}</p>}
            columns={[
              { label: "Name", cell: ({ name }) => <b>{name}</b> },
              { label: "User", cell: ({ userName }) => userName },
              { label: "State", cell: ({ state }) => <CredentialBadge state={state} /> },
              { label: "Expires", cell: ({ expiresAt }) => <FromNow timestamp={expiresAt} /> },
              {
                label: "SHA-256",
                cell: ({ fingerprint }) => <code title={fingerprint}>{fingerprint.slice(0, 23)}…</code>,
              },
            ]}
            actions={(certificate) =>
              certificate.state === "valid" &&
              may("revoke", "client-certificates", certificate.fingerprint) && (
                <button
                  type="button"
                  class="danger"
                  aria-label={`Revoke ${certificate.name}`}
                  onClick={() => setRevoking(certificate)}
                >
                  Revoke
                </button>
              )
            }
          />
        )}
      </LoadedContent>
      {issuing && <IssueClientCertificateDialog onIssued={loaded.reload} onClose={() => setIssuing(false)} />}
      {revoking !== null && (
        <ConfirmDialog
          title={`Revoke client certificate ${revoking.name}?`}
          action="Revoke it"
          busyText="Revoking …"
          onClose={() => setRevoking(null)}
          onConfirm={async (password) => {
            await client.clientCertificates.revoke(revoking.fingerprint, { password }, CONFIRMED);
            loaded.reload();
          }}
        >
          <p>Programs that log in with it are refused from now on.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}
