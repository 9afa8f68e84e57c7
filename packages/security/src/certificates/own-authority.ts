import { createPublicKey, type KeyObject } from "node:crypto";
import type { NodeId } from "@pi-controller/schema";
import type { StatementOf } from "../trust/statements.ts";
import type { SigningKey, TrustPort } from "../trust/trust-port.ts";
import { type CertificateNames, normalNames } from "./certificate-names.ts";
import { type CertificateFacts, readCertificate } from "./read-certificate.ts";

/** This node's place in its mesh, for its certificates. */
export interface CertificateMembership {
  readonly node: NodeId;
  /** Of the node itself. */
  readonly key: SigningKey;
  readonly trust: Pick<TrustPort, "view" | "observe" | "sign" | "nextVersion" | "publish" | "now">;
}

/**
 * Judges the certificate that the mesh has issued to this node's own authority.
 *
 * @param rootCertificate of the mesh, PEM
 * @param authorityKey that the node has: a certificate for another one is of no use
 * @returns the certificate, or why it cannot be used, for the log
 */
export function ownAuthority(
  statement: StatementOf<"certificate">,
  rootCertificate: string,
  authorityKey: KeyObject,
): CertificateFacts | string {
  const certificate = readCertificate(statement.certificate);
  const root = readCertificate(rootCertificate).parsed;
  const { parsed } = certificate;
  if (!certificate.isAuthority) return "it is no certificate of an authority";
  if (!parsed.publicKey.equals(createPublicKey(authorityKey)))
    return "it is for a key that this node does not have";
  if (!parsed.checkIssued(root) || !parsed.verify(root.publicKey))
    return "the root of the mesh has not signed it";
  return certificate;
}

/** What a node asked for last with the key that it has; undefined when it did not. */
export function requestedNames(
  request: StatementOf<"certificate-request"> | undefined,
  authorityKey: KeyObject,
): CertificateNames | undefined {
  if (request === undefined) return undefined;
  const body = request.request.replaceAll(/-----[^-]+-----|\s/g, "");
  const publicKey = createPublicKey(authorityKey).export({ type: "spki", format: "der" });
  // It is this node's own and signed by it: that the key is somewhere in it is enough to know that it was made with it.
  return Buffer.from(body, "base64").includes(publicKey) ? normalNames(request) : undefined;
}
