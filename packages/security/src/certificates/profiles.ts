import type { KeyObject } from "node:crypto";
import { type CertificateNames, withLoopback } from "./certificate-names.ts";
import type { CertificateTemplate } from "./x509-builder.ts";

const DAY_MS = 24 * 3_600_000;
/** Clocks of those who verify may be behind the one that signs. */
const BACKDATE_MS = DAY_MS;
const ROOT_LIFE_DAYS = 3_652;
export const LEAF_LIFE_MS = 30 * DAY_MS;

export const rootCommonName = (meshName: string) => `${meshName.slice(0, 45)} Pi-Controller root`;

/** Root of a mesh: signs the authorities of its nodes, which sign nothing but leaves, and clients' certificates. */
export function rootTemplate(meshName: string, key: KeyObject, nowMs: number): CertificateTemplate {
  return {
    commonName: rootCommonName(meshName),
    subjectKey: key,
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + ROOT_LIFE_DAYS * DAY_MS,
    authority: { pathLength: 1 },
  };
}

/**
 * Authority of one node, limited to servers of that node's names and addresses. Its names are also its own
 * alternative names, where every reader of certificates finds them.
 *
 * @param names besides the loopback
 * @param root whose life it shares
 */
export function nodeAuthorityTemplate(
  node: { readonly name: string; readonly key: KeyObject; readonly names: CertificateNames },
  root: { readonly notAfterMs: number },
  nowMs: number,
): CertificateTemplate {
  const permitted = withLoopback(node.names);
  return {
    commonName: `${node.name.slice(0, 54)} authority`,
    subjectKey: node.key,
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: root.notAfterMs,
    authority: { pathLength: 0, permitted },
    usage: "server",
    names: permitted,
  };
}

/** What a node serves, or a self-signed one in its place. @param names besides the loopback */
export function leafTemplate(
  leaf: { readonly name: string; readonly key: KeyObject; readonly names: CertificateNames },
  nowMs: number,
): CertificateTemplate {
  return {
    commonName: leaf.name,
    subjectKey: leaf.key,
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + LEAF_LIFE_MS,
    usage: "server",
    names: withLoopback(leaf.names),
  };
}

/** What a program of a user proves itself with. It ends with the root at the latest. */
export function clientTemplate(
  client: { readonly commonName: string; readonly key: KeyObject; readonly days: number },
  root: { readonly notAfterMs: number },
  nowMs: number,
): CertificateTemplate {
  return {
    commonName: client.commonName,
    subjectKey: client.key,
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: Math.min(nowMs + client.days * DAY_MS, root.notAfterMs),
    usage: "client",
  };
}
