import { X509Certificate } from "node:crypto";
import {
  certificateListSchema,
  clientCertificateListSchema,
  clientCertificateRequestSchema,
  confirmationSchema,
  newClientCertificateSchema,
} from "@pi-controller/schema";
import type { CertificateUseCases } from "@pi-controller/security";
import { type Route, route } from "./route.ts";
import { fingerprintParams, ownOrAllQuery } from "./schemas.ts";

const CERTIFICATES = "/api/v1/certificates";
const CLIENT_CERTIFICATES = "/api/v1/client-certificates";
const PEM = "application/x-pem-file";
/** What browsers and phones offer to install. */
const DER = "application/x-x509-ca-cert";

interface Components {
  readonly certificates: CertificateUseCases;
}

export function certificateRoutes(components: Components): readonly Route[] {
  return [...rootRoutes(components), ...serverRoutes(components), ...clientRoutes(components)];
}

/** The root of the mesh, for everybody: it is no secret. Its short paths are for people who type them into a phone. */
function rootRoutes({ certificates }: Components): readonly Route[] {
  const pemRoute = (path: string, operationId: string) =>
    route({
      method: "GET",
      path,
      operationId,
      tag: "certificates",
      summary: "The root certificate of the mesh: PEM",
      access: "public",
      answers: { 200: { description: "PEM", body: PEM } },
      errors: [],
      handle: () => ({
        status: 200,
        body: certificates.rootCertificate(),
        headers: { "content-disposition": 'attachment; filename="pi-controller-root.pem"' },
      }),
    });
  return [
    pemRoute(`${CERTIFICATES}/root`, "getRootCertificate"),
    pemRoute("/root.pem", "downloadRootCertificatePem"),
    route({
      method: "GET",
      path: "/root.crt",
      operationId: "downloadRootCertificate",
      tag: "certificates",
      summary: "The root certificate of the mesh: DER, as browsers and phones install it",
      access: "public",
      answers: { 200: { description: "DER", body: DER } },
      errors: [],
      handle: () => ({
        status: 200,
        // Without a Content-Disposition: phones offer to install what they are sent to, not what they are to save.
        body: new X509Certificate(certificates.rootCertificate()).raw,
      }),
    }),
  ];
}

function serverRoutes({ certificates }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: CERTIFICATES,
      operationId: "listCertificates",
      tag: "certificates",
      summary: "List the certificates of the mesh: root, the nodes' authorities, this node's own",
      access: { verb: "list", resource: "certificates" },
      answers: { 200: { description: "The certificates", body: certificateListSchema } },
      errors: [],
      handle: () => ({ status: 200, body: certificates.list() }),
    }),
    route({
      method: "POST",
      path: `${CERTIFICATES}/renew`,
      operationId: "renewCertificate",
      tag: "certificates",
      summary: "Renew the certificate that this node serves with, now",
      access: { verb: "update", resource: "certificates" },
      answers: { 200: { description: "The certificates as they are now", body: certificateListSchema } },
      errors: ["FAILED_PRECONDITION"],
      handle: async ({ acting }) => ({ status: 200, body: await certificates.renew(acting) }),
    }),
  ];
}

function clientRoutes({ certificates }: Components): readonly Route[] {
  return [
    route({
      method: "GET",
      path: CLIENT_CERTIFICATES,
      operationId: "listClientCertificates",
      tag: "certificates",
      summary: "List the certificates that one's programs log in with",
      access: "authenticated",
      everybodys: { verb: "list", resource: "client-certificates" },
      query: ownOrAllQuery,
      answers: { 200: { description: "The certificates", body: clientCertificateListSchema } },
      errors: [],
      handle: ({ query, acting }) => ({
        status: 200,
        body: { items: certificates.clientCertificates(acting, query.all === "true") },
      }),
    }),
    route({
      method: "POST",
      path: CLIENT_CERTIFICATES,
      operationId: "issueClientCertificate",
      tag: "certificates",
      summary: "Sign a certificate that a program of a user logs in with",
      access: { verb: "create", resource: "client-certificates" },
      body: clientCertificateRequestSchema,
      answers: { 201: { description: "The certificate", body: newClientCertificateSchema } },
      errors: ["NOT_FOUND"],
      handle: async ({ body, acting }) => ({
        status: 201,
        body: await certificates.issueClientCertificate(body, acting),
      }),
    }),
    route({
      method: "POST",
      path: `${CLIENT_CERTIFICATES}/{fingerprint}/revoke`,
      operationId: "revokeClientCertificate",
      tag: "certificates",
      summary: "Revoke a client certificate",
      access: { verb: "revoke", resource: "client-certificates", name: "fingerprint" },
      params: fingerprintParams,
      body: confirmationSchema,
      answers: { 204: { description: "It is revoked", body: null } },
      errors: ["NOT_FOUND"],
      async handle({ params, body, acting }) {
        await certificates.revokeClientCertificate(params.fingerprint, body, acting);
        return { status: 204 };
      },
    }),
  ];
}
