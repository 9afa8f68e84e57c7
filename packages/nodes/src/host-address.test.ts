import { describe, expect, it } from "vitest";
import { hostOf } from "./host-address.ts";

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
