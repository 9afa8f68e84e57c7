import { BlockList, isIPv4, isIPv6 } from "node:net";
import { MeshError } from "@pi-controller/schema";

/**
 * An address as it is compared: an IPv4 address inside an IPv6 one (RFC 4291 section 2.5.5.2) as the IPv4 address
 * that it is, without the zone of a link-local one.
 */
export function plainAddress(address: string): string {
  const [withoutZone = ""] = address.split("%");
  if (!isIPv6(withoutZone)) return withoutZone;
  const groups = ipv6Groups(withoutZone);
  if (!groups.slice(0, 5).every((group) => group === 0) || groups[5] !== 0xffff) return withoutZone;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/**
 * What counts as one sender: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of it can
 * take 2^64. Not so for link-local addresses: there the /64 is the whole network.
 */
export function senderOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain.slice(0, 64);
  const groups = ipv6Groups(plain);
  const hex = groups.map((group) => group.toString(16));
  const isLinkLocal = ((groups[0] ?? 0) & 0xffc0) === 0xfe80;
  return isLinkLocal ? hex.join(":") : `${hex.slice(0, 4).join(":")}::/64`;
}

/** @param address valid. @returns its eight groups of 16 bits */
function ipv6Groups(address: string): number[] {
  // URL writes it in one way only, with an IPv4 tail turned into groups (WHATWG URL, IPv6 serializer).
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const parse = (part: string | undefined) =>
    part === undefined || part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const before = parse(head);
  const after = parse(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/**
 * Makes a filter of addresses.
 *
 * @param cidrs networks as `192.168.1.0/24` or `fd00::/8`, or single addresses; none allow every address
 * @throws MeshError INVALID_ARGUMENT naming the one that is wrong
 */
export function addressFilter(cidrs: readonly string[]): (address: string) => boolean {
  if (cidrs.length === 0) return () => true;
  const allowed = new BlockList();
  for (const cidr of cidrs) add(allowed, cidr);
  return (address) => {
    const plain = plainAddress(address);
    if (isIPv4(plain)) return allowed.check(plain, "ipv4");
    return isIPv6(plain) && allowed.check(plain, "ipv6");
  };
}

/** As `addressFilter`, for one look: whether `address` is in one of the networks. */
export function allowsAddress(cidrs: readonly string[], address: string): boolean {
  return addressFilter(cidrs)(address);
}

function add(list: BlockList, cidr: string): void {
  const [address = "", prefix, ...rest] = cidr.split("/");
  const family = isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : undefined;
  const bits = family === "ipv4" ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (family === undefined || rest.length > 0 || !(length <= bits)) {
    throw new MeshError("INVALID_ARGUMENT", `"${cidr}" is no network such as 192.168.1.0/24 or fd00::/8`);
  }
  list.addSubnet(address, length, family);
}
