import type { CertificateList, CertificateView } from "@pi-controller/schema";
import { useClient } from "../../client-context.ts";
import { ListTable } from "../../components/list-table.tsx";
import { LoadedContent } from "../../components/loaded-content.tsx";
import { useSubmission } from "../../forms/submission.ts";
import { useMay } from "../../identity/identity-context.ts";
import { useNameOf, usePeerName } from "../../session/session-context.ts";
import { type Loaded, useLoaded } from "../../session/use-loaded.ts";
import { Section } from "../section.tsx";
import { ExpiryBar } from "./expiry-bar.tsx";
import { TrustInstructions } from "./trust-instructions.tsx";

/** How to make a browser trust the mesh, and all certificates of it. */
export function CertificatesSection() {
  const mayList = useMay()("list", "certificates");
  return mayList ? <WithList /> : <TrustInstructions root={null} />;
}

function WithList() {
  const loaded = useLoaded((peer, call) => peer.certificates.list(call));
  const root = loaded.value?.items.find(({ kind }) => kind === "root") ?? null;
  return (
    <>
      <TrustInstructions root={root} />
      <Certificates loaded={loaded} />
    </>
  );
}

function Certificates({ loaded }: { readonly loaded: Loaded<CertificateList> }) {
  const client = useClient();
  const submission = useSubmission();
  const mayRenew = useMay()("update", "certificates");
  const nameOf = useNameOf();
  const peerName = usePeerName();
  const renew = () => submission.run(async () => loaded.replace(await client.certificates.renew()));
  return (
    <Section
      title="Certificates"
      lead="The root signs one authority a node, limited to that node’s names; each node renews its own certificate with it."
      actions={
        mayRenew && (
          <button type="button" disabled={submission.busy} onClick={() => void renew()}>
            {submission.busy ? "Renewing …" : `Renew that of ${peerName}`}
          </button>
        )
      }
    >
      {submission.error !== null && (
        <p class="problem" role="alert">
          Not renewed: {submission.error.message}
        </p>
      )}
      <LoadedContent loaded={loaded}>
        {({ items, waiting, hsts }) => (
          <>
            {waiting.length > 0 && (
              <p class="warning">
                <b>Waiting for an admin’s password:</b> {waiting.map(nameOf).join(", ")}. They joined by a
                token and serve a certificate of their own making until then. The next admin who logs in with
                a password, or approves a node, signs theirs too.
              </p>
            )}
            <ListTable
              label="Certificates"
              rows={sorted(items, nameOf)}
              keyOf={({ fingerprint }) => fingerprint}
              empty={<p>There is none yet.</p>}
              columns={[
                {
                  label: "Certificate",
                  cell: (certificate) => (
                    <>
                      <b>{kinds[certificate.kind]}</b>
                      {certificate.node !== null && <> of {nameOf(certificate.node)}</>}
                    </>
                  ),
                },
                { label: "Expires", cell: (certificate) => <ExpiryBar {...certificate} /> },
                { label: "For", cell: namesOf },
                {
                  label: "SHA-256",
                  cell: ({ fingerprint }) => <code title={fingerprint}>{fingerprint.slice(0, 23)}…</code>,
                },
              ]}
            />
            <p class="muted">
              {hsts
                ? "HSTS is on: browsers that have been here refuse plain HTTP."
                : "HSTS is off. Switch it on with --hsts once all your browsers trust the root."}
            </p>
          </>
        )}
      </LoadedContent>
    </Section>
  );
}

const kinds: Readonly<Record<CertificateView["kind"], string>> = {
  root: "Root of the mesh",
  "node-authority": "Authority",
  leaf: "Server certificate",
  "self-signed": "Self-signed, for now",
};
const order: readonly CertificateView["kind"][] = ["root", "node-authority", "leaf", "self-signed"];

function sorted(items: readonly CertificateView[], nameOf: (id: string) => string): CertificateView[] {
  const key = ({ node, kind }: CertificateView) =>
    `${node === null ? "" : nameOf(node)} ${node ?? ""} ${order.indexOf(kind)}`;
  return [...items].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function namesOf({ names }: CertificateView) {
  if (names.length === 0) return <span class="muted">signing only</span>;
  return (
    <ul class="plain">
      {names.map((name) => (
        <li key={name}>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
}
