import { isIPv6 } from "node:net";
import { normalAddress } from "./gate-address.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * @param hostHeader of the request
 * @param localAddress at which it came in, in its normal form
 */
export type HostCheck = (hostHeader: string | undefined, localAddress: string) => boolean;

/**
 * Tells whether a request was meant for this peer. A page of an attacker can have its own name resolve to
 * an address of this peer (DNS rebinding) and would then be of the same origin as this API; but the name that it
 * asks for is still its own. An address cannot be forged in this way, so that the one that was connected to is fine.
 *
 * @param hosts the addresses that the API listens on
 * @param hostNames more names that are this peer's, asked anew for every request
 */
export function createHostCheck(hosts: readonly string[], hostNames: () => readonly string[]): HostCheck {
  const known = new Set([...LOOPBACK_NAMES, ...hosts.map(inHeader)].map((name) => name.toLowerCase()));
  return (hostHeader, localAddress) => {
    if (hostHeader === undefined) return false;
    const name = hostNameOf(hostHeader);
    if (known.has(name) || name === inHeader(localAddress)) return true;
    return hostNames().some((own) => own.toLowerCase() === name);
  };
}

function inHeader(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** `name:8080` without its port, `[::1]:8080` too; an address of IPv6 in its normal form. */
function hostNameOf(hostHeader: string): string {
  const name = hostHeader
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/(?<=[^.])\.$/, "");
  const [, address] = /^\[([0-9a-f:.]+)\]$/.exec(name) ?? [];
  return address !== undefined && isIPv6(address) ? inHeader(normalAddress(address)) : name;
}

/**
 * Tells whether the page that makes a request, if it is one, came from this very peer. Programs send no
 * `Origin`; browsers always do where it matters.
 *
 * @param secure whether the request came over TLS
 */
export function isSameOrigin(
  origin: string | undefined,
  hostHeader: string | undefined,
  secure: boolean,
): boolean {
  if (origin === undefined) return true;
  if (hostHeader === undefined || !URL.canParse(origin)) return false;
  // By way of URL on both sides: browsers leave a scheme's own port out of `Origin` and `Host` alike.
  const own = `${secure ? "https" : "http"}://${hostHeader}`;
  return URL.canParse(own) && new URL(origin).origin === new URL(own).origin;
}
