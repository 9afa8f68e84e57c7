import { isIP, isIPv6 } from "node:net";

/** What a certificate speaks for. */
export interface CertificateNames {
  /** Lower case. */
  readonly dnsNames: readonly string[];
  /** IPv6 as RFC 5952 writes it. */
  readonly ipAddresses: readonly string[];
}

/** Of the statement `certificate-request`. */
export const MAX_DNS_NAMES = 16;
const MAX_IP_ADDRESSES = 32;

/**
 * Names of this machine for itself. Every node's authority may speak for them: whoever can answer on the loopback of
 * a machine needs no certificate to deceive who sits at it. And so there is always a permitted subtree for IPv4 and
 * one for IPv6, which shuts out all other addresses of both (RFC 5280 section 4.2.1.10).
 */
export const loopbackNames: CertificateNames = {
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1", "::1"],
};

/**
 * Pure: what a node's certificate should speak for, besides the loopback.
 *
 * @param node its name in the roster
 * @param hostNames that it was configured with
 * @param addresses multiaddrs at which it can be reached, as it announces them
 */
export function namesOfNode(
  node: string,
  hostNames: readonly string[],
  addresses: readonly string[],
): CertificateNames {
  const ipAddresses = addresses.flatMap((address) => {
    const [, ip] = /^\/ip[46]\/([^/]+)(?:\/|$)/.exec(address) ?? [];
    return ip === undefined || isIP(ip) === 0 ? [] : [ip];
  });
  return normalNames({ dnsNames: [node, `${node}.local`, ...hostNames], ipAddresses });
}

/** In one form and order, each once, without the loopback and wildcards, and no more than a statement takes. */
export function normalNames({ dnsNames, ipAddresses }: CertificateNames): CertificateNames {
  const isOther = (list: readonly string[]) => (name: string) => !list.includes(name);
  const dns = dnsNames.map((name) => name.toLowerCase().replace(/\.$/, "")).filter(isDnsName);
  const ips = ipAddresses
    .filter((address) => isIP(address) !== 0)
    .map(normalIp)
    .filter((address) => address !== "::" && address !== "0.0.0.0" && !address.startsWith("127."));
  return {
    dnsNames: [...new Set(dns.filter(isOther(loopbackNames.dnsNames)))].slice(0, MAX_DNS_NAMES).sort(),
    ipAddresses: [...new Set(ips.filter(isOther(loopbackNames.ipAddresses)))]
      .slice(0, MAX_IP_ADDRESSES)
      .sort(),
  };
}

export function withLoopback({ dnsNames, ipAddresses }: CertificateNames): CertificateNames {
  return {
    dnsNames: [...new Set([...dnsNames, ...loopbackNames.dnsNames])],
    ipAddresses: [...new Set([...ipAddresses, ...loopbackNames.ipAddresses])],
  };
}

/** What of `wanted` lies within what is permitted. */
export function permittedPart(wanted: CertificateNames, permitted: CertificateNames): CertificateNames {
  return {
    dnsNames: wanted.dnsNames.filter((name) => permitted.dnsNames.includes(name)),
    ipAddresses: wanted.ipAddresses.filter((address) => permitted.ipAddresses.includes(address)),
  };
}

export function isSameNames(one: CertificateNames, other: CertificateNames): boolean {
  return isSameSet(one.dnsNames, other.dnsNames) && isSameSet(one.ipAddresses, other.ipAddresses);
}

export function isEmpty({ dnsNames, ipAddresses }: CertificateNames): boolean {
  return dnsNames.length === 0 && ipAddresses.length === 0;
}

/** Host names as in RFC 1123 section 2.1; underscores and wildcards are none. */
export function isDnsName(name: string): boolean {
  return (
    name.length <= 253 &&
    name.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) &&
    isIP(name) === 0
  );
}

export function normalIp(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}
