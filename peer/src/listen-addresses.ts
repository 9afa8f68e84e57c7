import { isIP } from "node:net";

/** The multiaddr of a TCP port on an address of this machine. */
export function multiaddrOf(address: string, port: number): string {
  return `/ip${isIP(address) === 6 ? 6 : 4}/${address}/tcp/${port}`;
}

/** The port in a multiaddr over TCP; undefined when there is none. */
export function tcpPortOf(multiaddr: string | undefined): number | undefined {
  const [, port] = /\/tcp\/(\d+)/.exec(multiaddr ?? "") ?? [];
  return port === undefined ? undefined : Number(port);
}

/**
 * Pure: where people find a peer's API, from where other peers find it. This machine itself is served plain HTTP, as
 * there is nobody in between.
 *
 * @param multiaddrs at which the peer can be reached
 */
export function apiUrlsOf(multiaddrs: readonly string[], port: number): readonly string[] {
  const hosts = multiaddrs.flatMap((address) => {
    const [, version, host] = /^\/ip([46])\/([^/]+)(?:\/|$)/.exec(address) ?? [];
    return host === undefined
      ? []
      : [{ host: version === "6" ? `[${host}]` : host, isLoopback: isLoopback(host) }];
  });
  const others = hosts.filter((host) => !host.isLoopback);
  const urls = (others.length > 0 ? others : hosts).map(
    ({ host, isLoopback }) => `${isLoopback ? "http" : "https"}://${host}:${port}`,
  );
  return [...new Set(urls)];
}

/** @param host an IP address */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}
