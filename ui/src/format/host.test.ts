import { describe, expect, it } from "vitest";
import { hostOfMultiaddr } from "./host.ts";

describe("hostOfMultiaddr", () => {
  it.each([
    ["/ip4/192.168.1.42/tcp/4101", "192.168.1.42"],
    ["/ip6/fe80::1/tcp/4101", "fe80::1"],
    ["/dns4/pi-a.local/tcp/4101/p2p/12D3KooW", "pi-a.local"],
    ["/memory/1", "/memory/1"],
  ])("%s: %s", (multiaddr, host) => {
    expect(hostOfMultiaddr(multiaddr)).toBe(host);
  });
});
