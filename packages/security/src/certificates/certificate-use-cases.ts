import type { CertificateList, CertificateView, NodeId } from "@pi-controller/schema";
import type { StatementOf } from "../trust/statements.ts";
import type { TrustPort } from "../trust/trust-port.ts";
import type { CertificateUseCases } from "../use-cases.ts";
import { type CertificateAuthority, waitingRequests } from "./certificate-authority.ts";
import { type ClientCertificateComponents, ClientCertificates } from "./client-certificates.ts";
import type { NodeCertificates } from "./node-certificates.ts";
import { type CertificateFacts, readCertificate, shownFingerprint } from "./read-certificate.ts";

export interface CertificateUseCaseComponents
  extends Pick<ClientCertificateComponents, "keyring" | "logger"> {
  readonly node: NodeId;
  readonly trust: Pick<TrustPort, "view" | "sign" | "nextVersion" | "publish" | "now">;
  readonly certificates: Pick<NodeCertificates, "served" | "renew">;
  readonly authority: Pick<CertificateAuthority, "publishWaiting">;
}

/** @param options.hsts whether browsers are told to ask over TLS alone */
export function certificateUseCases(
  components: CertificateUseCaseComponents,
  options: { readonly hsts: boolean },
): CertificateUseCases {
  const { authority, certificates, keyring, logger, node, trust } = components;
  const clients = new ClientCertificates({
    trust,
    keyring,
    logger,
    onUnsealed: (key) => authority.publishWaiting(key),
  });
  /** Of a thousand nodes: reading them all takes a Pi a second. */
  const known = new WeakMap<StatementOf<"certificate">, CertificateFacts>();
  const list = (): CertificateList => {
    const { view } = trust;
    const { leaf, authority: issuer, renewsAtMs } = certificates.served();
    const authorities = [...view.certificates.values()].map((statement) => {
      const certificate = known.get(statement) ?? readCertificate(statement.certificate);
      known.set(statement, certificate);
      return viewOf(certificate, "node-authority", statement.node);
    });
    const renewsAt = new Date(renewsAtMs).toISOString();
    return {
      items: [
        viewOf(readCertificate(view.rootCertificate), "root", null),
        ...authorities,
        { ...viewOf(leaf, issuer === undefined ? "self-signed" : "leaf", node), renewsAt },
      ],
      waiting: waitingRequests(view).map((request) => request.node),
      hsts: options.hsts,
    };
  };
  return {
    list,
    rootCertificate: () => trust.view.rootCertificate,
    async renew() {
      await certificates.renew();
      return list();
    },
    clientCertificates: (acting, all) => clients.list(acting, all),
    issueClientCertificate: (request, acting) => clients.issue(request, acting),
    revokeClientCertificate: (fingerprint, confirmation, acting) =>
      clients.revoke(fingerprint, confirmation, acting),
  };
}

function viewOf(
  certificate: CertificateFacts,
  kind: CertificateView["kind"],
  node: NodeId | null,
): CertificateView {
  const { commonName, names, fingerprint, notBeforeMs, notAfterMs } = certificate;
  return {
    kind,
    node,
    subject: commonName,
    names: [...names.dnsNames, ...names.ipAddresses],
    fingerprint: shownFingerprint(fingerprint),
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
    renewsAt: null,
  };
}
