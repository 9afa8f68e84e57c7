import { describe, expect, it } from "vitest";
import { addressesForOthers, hostOf } from "./host-address.ts";

describe("hostOf", () => {
  it.each([
    ["192.168.1.20", "192.168.1.20"],
    ["192.168.1.20:4101", "192.168.1.20"],
    ["Pi-A.local", "pi-a.local"],
    ["/ip4/192.168.1.20/tcp/4101/p2p/12D3KooW", "192.168.1.20"],
    ["/dns4/pi-a.local/tcp/4101", "pi-a.local"],
    ["[fd00::1]:4101", "fd00::1"],
    ["fd00::1", "fd00::1"],
  ])("finds the host of %s", (address, host) => {
    expect(hostOf(address)).toBe(host);
  });
});

describe("addressesForOthers", () => {
  it("leaves out what nobody else can dial", () => {
    const usable = ["/ip4/192.168.1.20/tcp/4101", "/ip6/fd00::1/tcp/4101"];
    const addresses = ["/ip4/127.0.0.1/tcp/4101", "/ip6/::1/tcp/4101", "/ip6/fe80::1/tcp/4101", ...usable];
    expect(addressesForOthers(addresses)).toEqual(usable);
  });

  it("keeps loopback addresses where there are no others: all peers are on one machine then", () => {
    expect(addressesForOthers(["/ip4/127.0.0.1/tcp/4101"])).toEqual(["/ip4/127.0.0.1/tcp/4101"]);
  });

  it("gives no more than an announcement may hold", () => {
    const addresses = Array.from({ length: 100 }, (_, index) => `/ip4/10.0.0.${index}/tcp/4101`);
    expect(addressesForOthers(addresses)).toEqual(addresses.slice(0, 32));
  });
});
