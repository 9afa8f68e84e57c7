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

/** Whether a host, as `hostOf` gives it, is the machine that asks, whichever that is. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
