import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { MeshError } from "@pi-controller/schema";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const IPV6_GROUPS = 8;
/** Of a /64, which is what one subscriber or one machine has at least (RFC 6177): it can change the rest at will. */
const RATED_GROUPS = 4;

/**
 * An address in the one form that it is compared in: IPv4 out of IPv6's mapped form (RFC 4291 section 2.5.5.2), no
 * zone, IPv6 as RFC 5952 writes it.
 *
 * @param address as a socket tells it; what is no address stays as it is
 */
export function normalAddress(address: string): string {
  const bare = address.replace(/%.*$/, "");
  const mapped = MAPPED.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}

/** @param address in its normal form */
export function isLoopback(address: string): boolean {
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

/**
 * Whose requests count together: one IPv4 address, or one /64 of IPv6.
 *
 * @param address in its normal form
 */
export function rateGroupOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, IPV6_GROUPS - groups.length - after.length) }, () => "0");
  return `${[...groups, ...zeros, ...after].slice(0, RATED_GROUPS).join(":")}::/64`;
}

/**
 * Which clients may connect at all.
 *
 * @param networks as `192.168.1.0/24`, `fd00::/8` or one address; undefined for every one
 * @returns takes an address in its normal form; the loopback is always allowed, so that nobody locks himself out
 * @throws MeshError INVALID_ARGUMENT when one of them is no network
 */
export function addressFilter(networks: readonly string[] | undefined): (address: string) => boolean {
  if (networks === undefined) return () => true;
  const allowed = new BlockList();
  for (const network of networks) addNetwork(allowed, network);
  return (address) =>
    isLoopback(address) || (isIP(address) !== 0 && allowed.check(address, isIPv4(address) ? "ipv4" : "ipv6"));
}

function addNetwork(list: BlockList, network: string): void {
  const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(network) ?? [];
  const bits = isIPv4(address) ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (isIP(address) === 0 || length > bits) {
    const message = `${JSON.stringify(network.slice(0, 100))} is no network such as 192.168.1.0/24 or fd00::/8`;
    throw new MeshError("INVALID_ARGUMENT", message);
  }
  list.addSubnet(address, length, isIPv4(address) ? "ipv4" : "ipv6");
}
