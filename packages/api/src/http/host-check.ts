const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Tells whether a request was meant for this peer. A page of an attacker can have its own name resolve to
 * 127.0.0.1 (DNS rebinding) and would then be of the same origin as this API; but the name that it asks for
 * is still its own.
 *
 * @param bindHost the address that the API listens on
 * @param hostNames more names that are this peer's
 */
export function createHostCheck(
  bindHost: string,
  hostNames: readonly string[],
): (hostHeader: string | undefined) => boolean {
  const bindName = bindHost.includes(":") ? `[${bindHost}]` : bindHost;
  const known = new Set([...LOOPBACK_NAMES, bindName, ...hostNames].map((name) => name.toLowerCase()));
  return (hostHeader) => hostHeader !== undefined && known.has(hostNameOf(hostHeader));
}

/** `name:8080` without its port, `[::1]:8080` too. */
function hostNameOf(hostHeader: string): string {
  return hostHeader
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/(?<=[^.])\.$/, "");
}

/**
 * Tells whether the page that makes a request, if it is one, came from this very peer. Programs send no
 * `Origin`; browsers always do where it matters.
 */
export function isSameOrigin(origin: string | undefined, hostHeader: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === hostHeader?.toLowerCase();
}
