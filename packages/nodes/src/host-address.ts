/** A machine with containers may have hundreds; the roster takes so many. */
const MAX_ADDRESSES = 32;

/**
 * The host in an address, in one form: what is registered by hand and what a peer says of itself must
 * compare equal.
 *
 * @param address a multiaddr, a host name or an IP address, with or without a port
 * @returns a host name in lower case or an IP address
 */
export function hostOf(address: string): string {
  const host = address.startsWith("/") ? (address.split("/")[2] ?? "") : withoutPort(address);
  return host.toLowerCase();
}

function withoutPort(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address);
  if (bracketed?.[1] !== undefined) return bracketed[1];
  // More than one colon is an IPv6 address without a port.
  const [host = "", , more] = address.split(":");
  return more === undefined ? host : address;
}

/**
 * Those of a peer's addresses that are of use to others: no link-local ones, which mean nothing without the name
 * of an interface (RFC 4007), and loopback ones only where there are no others, as among peers of one machine.
 */
export function addressesForOthers(addresses: readonly string[]): string[] {
  const global = addresses.filter((address) => !isLinkLocalHost(hostOf(address)));
  const routable = global.filter((address) => !isLoopbackHost(hostOf(address)));
  return (routable.length > 0 ? routable : global).slice(0, MAX_ADDRESSES);
}

function isLinkLocalHost(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(host);
}

/** Whether a host, as `hostOf` gives it, is the machine that asks, whichever that is. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
