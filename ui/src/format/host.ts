/** The host in a multiaddr, as `192.168.1.42` of `/ip4/192.168.1.42/tcp/4101`; of another form, all of it. */
export function hostOfMultiaddr(multiaddr: string): string {
  return /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)/.exec(multiaddr)?.[1] ?? multiaddr;
}
