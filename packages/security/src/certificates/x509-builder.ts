import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import type { CertificateNames } from "./certificate-names.ts";

// Loads the ASN.1 structures: import this file when a certificate is to be made, and not before.

/** RFC 5758 section 3.2. */
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
/** ub-common-name of RFC 5280, appendix A.1. */
const MAX_COMMON_NAME = 64;
const SERIAL_BYTES = 16;

export interface CertificateTemplate {
  readonly commonName: string;
  readonly subjectKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Of an authority; a certificate without it issues none. `permitted` limits what those below may speak for. */
  readonly authority?: { readonly pathLength: number; readonly permitted?: CertificateNames };
  readonly usage?: "server" | "client";
  readonly names?: CertificateNames;
}

export interface Issuer {
  readonly commonName: string;
  /** P-256. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Makes a certificate of version 3 (RFC 5280), signed with ECDSA and SHA-256, with a random serial number of 128 bits.
 *
 * @returns PEM
 */
export function buildCertificate(template: CertificateTemplate, issuer: Issuer): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toBuffer(serialNumber()),
    signature: algorithm,
    issuer: nameOf(issuer.commonName),
    subject: nameOf(template.commonName),
    validity: new Validity({
      notBefore: new Date(template.notBeforeMs),
      notAfter: new Date(template.notAfterMs),
    }),
    subjectPublicKeyInfo: publicKeyInfo(template.subjectKey),
    extensions: new Extensions(extensionsOf(template, issuer)),
  });
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: signature(signed, issuer.privateKey),
  });
  return toPem("CERTIFICATE", AsnConvert.serialize(certificate));
}

/**
 * Makes a certificate request (PKCS #10, RFC 2986): proves that whoever asks has the key. P-256.
 *
 * @returns PEM
 */
export function buildRequest(
  commonName: string,
  keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): string {
  const certificationRequestInfo = new CertificationRequestInfo({
    version: 0,
    subject: nameOf(commonName),
    subjectPKInfo: publicKeyInfo(keys.publicKey),
    attributes: new Attributes(),
  });
  const signed = Buffer.from(AsnConvert.serialize(certificationRequestInfo));
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    signature: signature(signed, keys.privateKey),
  });
  return toPem("CERTIFICATE REQUEST", AsnConvert.serialize(request));
}

/** What a certificate request says, byte for byte where it was signed. */
export interface RequestParts {
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** Object identifier. */
  readonly signatureAlgorithm: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** Takes a certificate request apart without judging it. @throws Error when it is none */
export function parseRequest(der: Uint8Array): RequestParts {
  const request = AsnConvert.parse(der, CertificationRequest);
  const info = request.certificationRequestInfo;
  return {
    signed: new Uint8Array(request.certificationRequestInfoRaw ?? AsnConvert.serialize(info)),
    signature: new Uint8Array(request.signature),
    signatureAlgorithm: request.signatureAlgorithm.algorithm,
    publicKey: new Uint8Array(AsnConvert.serialize(info.subjectPKInfo)),
  };
}

function extensionsOf(template: CertificateTemplate, issuer: Issuer): Extension[] {
  const { authority, usage, names } = template;
  const flags = authority
    ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature;
  const basic = authority
    ? new BasicConstraints({ cA: true, pathLenConstraint: authority.pathLength })
    : new BasicConstraints({ cA: false });
  const purpose = usage === "client" ? id_kp_clientAuth : id_kp_serverAuth;
  return [
    extension(id_ce_basicConstraints, basic, true),
    extension(id_ce_keyUsage, new KeyUsage(flags), true),
    ...(usage === undefined ? [] : [extension(id_ce_extKeyUsage, new ExtendedKeyUsage([purpose]), false)]),
    extension(
      id_ce_subjectKeyIdentifier,
      new SubjectKeyIdentifier(keyIdentifier(template.subjectKey)),
      false,
    ),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(issuer.publicKey)) }),
      false,
    ),
    ...(authority?.permitted === undefined
      ? []
      : [extension(id_ce_nameConstraints, nameConstraints(authority.permitted), true)]),
    ...(names === undefined
      ? []
      : [extension(id_ce_subjectAltName, new SubjectAlternativeName(generalNames(names)), false)]),
  ];
}

function extension(extnID: string, value: object, critical: boolean): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** These names and what is below them, and exactly these addresses. */
function nameConstraints({ dnsNames, ipAddresses }: CertificateNames): NameConstraints {
  const subtrees = [
    ...dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...ipAddresses.map(
      (address) => new GeneralName({ iPAddress: `${address}/${address.includes(":") ? 128 : 32}` }),
    ),
  ].map((base) => new GeneralSubtree({ base, minimum: 0 }));
  return new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) });
}

function generalNames({ dnsNames, ipAddresses }: CertificateNames): GeneralName[] {
  return [
    ...dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName.slice(0, MAX_COMMON_NAME) });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

/** Method 1 of RFC 7093 section 2: SHA-256 over the key's bits, cut to 160. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const bits = new Uint8Array(publicKeyInfo(key).subjectPublicKey);
  return toBuffer(createHash("sha256").update(bits).digest().subarray(0, 20));
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(key.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo);
}

/** Positive and of full length, in the shortest form that DER asks for (RFC 5280 section 4.1.2.2). */
function serialNumber(): Uint8Array {
  const serial = randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

function signature(signed: Uint8Array, key: KeyObject): ArrayBuffer {
  return toBuffer(sign("sha256", signed, { key, dsaEncoding: "der" }));
}

function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
