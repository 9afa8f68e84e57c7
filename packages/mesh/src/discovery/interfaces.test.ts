import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { dialableOn, isFrom, type LocalInterface, usableInterfaces } from "./interfaces.ts";

function info(
  address: string,
  prefixBits: number,
  more: Partial<NetworkInterfaceInfo> = {},
): NetworkInterfaceInfo {
  const family = address.includes(":") ? "IPv6" : "IPv4";
  const base = { address, netmask: "", mac: "", internal: false, cidr: `${address}/${prefixBits}` };
  return { ...base, family, scopeid: 0, ...more };
}

const ETHERNET: LocalInterface = {
  name: "eth0",
  address: "192.168.1.7",
  addresses: ["192.168.1.7", "fd00::7"],
  loopback: false,
  network: "192.168.1.7/24",
};

describe("usableInterfaces", () => {
  it("are all that have an IPv4 address, loopback included", () => {
    const found = usableInterfaces({
      lo: [info("127.0.0.1", 8, { internal: true }), info("::1", 128, { internal: true })],
      eth0: [info("192.168.1.7", 24), info("fd00::7", 64)],
      wlan0: [info("fe80::1", 64)],
    });
    expect(found.map(({ name, address, loopback }) => [name, address, loopback])).toEqual([
      ["lo", "127.0.0.1", true],
      ["eth0", "192.168.1.7", false],
    ]);
    expect(found[1]).toEqual(ETHERNET);
  });
});

describe("isFrom", () => {
  it("tells packets of this interface's network from those of others", () => {
    expect(isFrom(ETHERNET, "192.168.1.200")).toBe(true);
    expect(isFrom(ETHERNET, "192.168.2.200")).toBe(false);
    expect(isFrom(ETHERNET, "127.0.0.1")).toBe(false);
  });
});

describe("dialableOn", () => {
  const addresses = [
    "/ip4/192.168.1.7/tcp/4101",
    "/ip6/fd00::7/tcp/4101",
    "/ip4/10.0.0.7/tcp/4101",
    "/ip4/127.0.0.1/tcp/4101",
  ];

  it("are the addresses of that interface", () => {
    expect(dialableOn(ETHERNET, addresses)).toEqual(addresses.slice(0, 2));
  });

  it("are all on loopback, behind which is this machine", () => {
    expect(dialableOn({ ...ETHERNET, loopback: true }, addresses)).toEqual(addresses);
  });
});
