import { isIPv4, isIPv6 } from "node:net";
import { addressFilter, plainAddress } from "@pi-controller/security";

/** Whose requests count together: one IPv4 address, or one /64 of IPv6. */
export { senderOf as rateGroupOf } from "@pi-controller/security";

/**
 * An address in the one form that it is compared in: IPv4 out of IPv6's mapped form, no zone, IPv6 as RFC 5952
 * writes it.
 *
 * @param address as a socket tells it; what is no address stays as it is
 */
export function normalAddress(address: string): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? new URL(`http://[${plain}]`).hostname.slice(1, -1) : plain;
}

/** @param address in its normal form */
export function isLoopback(address: string): boolean {
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}

/**
 * Which clients may connect at all.
 *
 * @param networks as `192.168.1.0/24`, `fd00::/8` or one address; none allow every one
 * @returns takes an address in its normal form; the loopback is always allowed, so that nobody locks himself out
 * @throws MeshError INVALID_ARGUMENT when one of them is no network
 */
export function clientFilter(networks: readonly string[]): (address: string) => boolean {
  const isAllowed = addressFilter(networks);
  return (address) => isLoopback(address) || isAllowed(address);
}
