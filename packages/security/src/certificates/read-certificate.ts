import { X509Certificate } from "node:crypto";
import { MeshError } from "@pi-controller/schema";
import { type CertificateNames, normalIp } from "./certificate-names.ts";

/** What there is to know of a certificate without making one: read by OpenSSL, so that no library is loaded. */
export interface CertificateFacts {
  /** PEM, as it was given. */
  readonly pem: string;
  readonly commonName: string;
  readonly names: CertificateNames;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isAuthority: boolean;
  readonly parsed: X509Certificate;
}

/** @param pem of one certificate. @throws MeshError INVALID_ARGUMENT when it is none */
export function readCertificate(pem: string): CertificateFacts {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(pem);
  } catch (error) {
    throw new MeshError("INVALID_ARGUMENT", "This is no certificate in PEM", {}, { cause: error });
  }
  return {
    pem,
    commonName: /(?:^|\n)CN=(.*)/.exec(parsed.subject)?.[1] ?? "",
    names: namesOf(parsed.subjectAltName ?? ""),
    fingerprint: parsed.fingerprint256.replaceAll(":", "").toLowerCase(),
    notBeforeMs: parsed.validFromDate.getTime(),
    notAfterMs: parsed.validToDate.getTime(),
    isAuthority: parsed.ca,
    parsed,
  };
}

/** As people compare it with what a browser shows. @param fingerprint in hexadecimal digits */
export function shownFingerprint(fingerprint: string): string {
  return fingerprint.toUpperCase().match(/../g)?.join(":") ?? "";
}

/** Node's text form: `DNS:a, IP Address:1.2.3.4`; it quotes what could be mistaken for another entry. */
function namesOf(text: string): CertificateNames {
  const entries = text.split(", ");
  const after = (prefix: string) =>
    entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return { dnsNames: after("DNS:"), ipAddresses: after("IP Address:").map(normalIp) };
}
