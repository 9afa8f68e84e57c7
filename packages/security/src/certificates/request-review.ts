import type { NodeId } from "@pi-controller/schema";
import { type CertificateNames, isDnsName, MAX_DNS_NAMES, normalNames } from "./certificate-names.ts";

/** One who asks for names, or has them. */
export interface Claim {
  readonly node: NodeId;
  /** In the roster. */
  readonly name: string | undefined;
  /** What its newest request asks for. */
  readonly requested: CertificateNames;
  /** What its certificate speaks for. */
  readonly certified: CertificateNames;
}

export interface ReviewPolicy {
  /** Domains that nodes may have names in besides their own, as `example.com`. */
  readonly domains: readonly string[];
  /** Whether a node may have such an address, whichever node it is. */
  readonly allowsAddress: (address: string) => boolean;
}

export interface Review {
  /** What may be certified. */
  readonly granted: CertificateNames;
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** Networks of addresses that are nobody's in the Internet: RFC 1918, 6598, 3927; 4193, 4291. */
export const privateNetworks: readonly string[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
];

/**
 * Pure: which of the names that a node asks for it gets. Its own name in the roster unless that may be a top-level
 * domain, that name in `local`, and what is below them; private addresses; what the policy allows besides. What two ask
 * for anew gets neither.
 *
 * A DNS name that was certified to a member stays with it, asked for or not, until it is a member no more: any member
 * can give it another name in the roster, and would have the old one for himself. Addresses do move on: one is free as
 * soon as its holder's newest request does not ask for it.
 */
export function reviewRequest(claim: Claim, others: readonly Claim[], policy: ReviewPolicy): Review {
  const asked = normalNames(claim.requested);
  const refused: { name: string; reason: string }[] = [];
  const judge = (name: string, reason: string | undefined) => {
    if (reason !== undefined) refused.push({ name, reason });
    return reason === undefined;
  };
  const granted = {
    dnsNames: asked.dnsNames.filter((name) =>
      judge(name, reasonAgainstDns(name, claim, policy) ?? reasonOfOthers(name, claim, others)),
    ),
    ipAddresses: asked.ipAddresses.filter((address) =>
      judge(address, reasonAgainstIp(address, policy) ?? reasonOfOthers(address, claim, others)),
    ),
  };
  const kept = claim.certified.dnsNames.filter((name) => !granted.dnsNames.includes(name));
  // Of too many, those that are asked for.
  const dnsNames = [...granted.dnsNames, ...kept].slice(0, MAX_DNS_NAMES);
  return { granted: { ...granted, dnsNames }, refused };
}

function reasonAgainstDns(name: string, claim: Claim, policy: ReviewPolicy): string | undefined {
  if (!isDnsName(name)) return "it is no host name";
  const own = claim.name === undefined ? [] : ownDomains(claim.name);
  if (name === claim.name && !own.includes(name))
    return "it may be a top-level domain: the one in local is certified";
  if ([...own, ...policy.domains].some((domain) => name === domain || name.endsWith(`.${domain}`))) {
    return undefined;
  }
  return "it is neither the node's own name nor in a domain that is allowed";
}

/**
 * What an authority may have comes with all that is below it: a node that is called `com`, by whoever may write the
 * roster, would speak for every shop. Top-level domains are of letters alone, or begin with `xn--` (RFC 1123 section
 * 2.1, RFC 5890); a name with a digit or another dash in it is none.
 */
function ownDomains(name: string): readonly string[] {
  const mayBeTopLevel = /^[a-z]+$/.test(name) || name.startsWith("xn--");
  return mayBeTopLevel ? [`${name}.local`] : [name, `${name}.local`];
}

function reasonAgainstIp(address: string, { allowsAddress }: ReviewPolicy): string | undefined {
  return allowsAddress(address) ? undefined : "it is no private address, nor in a network that is allowed";
}

function reasonOfOthers(name: string, claim: Claim, others: readonly Claim[]): string | undefined {
  // Whatever others call themselves since: who has it keeps it.
  if (includes(claim.certified, name)) return undefined;
  const rivals = others.filter(({ node }) => node !== claim.node);
  const keeper = rivals.find(({ certified }) => certified.dnsNames.includes(name));
  if (keeper !== undefined) return `it is certified to ${keeper.node}`;
  const asking = rivals.filter(({ requested }) => includes(requested, name));
  const holder = asking.find(({ certified }) => includes(certified, name));
  if (holder !== undefined) return `it is certified to ${holder.node}`;
  const owner = rivals.find((rival) => isNameOf(rival, name));
  if (owner !== undefined) return `it is the name of ${owner.node}`;
  return asking[0] === undefined ? undefined : `${asking[0].node} asks for it, too`;
}

function isNameOf({ name: own }: Claim, name: string): boolean {
  return own !== undefined && (name === own || name === `${own}.local`);
}

function includes({ dnsNames, ipAddresses }: CertificateNames, name: string): boolean {
  return dnsNames.includes(name) || ipAddresses.includes(name);
}
