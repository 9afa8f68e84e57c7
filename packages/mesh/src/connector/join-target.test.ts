import { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { addressesOf, parseJoinTarget } from "./join-target.ts";

describe("parseJoinTarget", () => {
  it.each([
    ["/ip4/192.168.1.20/tcp/4101", ["/ip4/192.168.1.20/tcp/4101"]],
    ["/ip6/fd00::2/tcp/4101/p2p/12D3KooWexample", ["/ip6/fd00::2/tcp/4101/p2p/12D3KooWexample"]],
    ["192.168.1.20", ["/ip4/192.168.1.20/tcp/4101"]],
    ["192.168.1.20:5000", ["/ip4/192.168.1.20/tcp/5000"]],
    ["fd00::2", ["/ip6/fd00::2/tcp/4101"]],
    ["[fd00::2]:5000", ["/ip6/fd00::2/tcp/5000"]],
    ["raspberrypi.local", ["/ip4/10.0.0.7/tcp/4101", "/ip6/fd00::7/tcp/4101"]],
    ["raspberrypi:5000", ["/ip4/10.0.0.7/tcp/5000", "/ip6/fd00::7/tcp/5000"]],
    ["/dns4/pi.example.com/tcp/4101", ["/ip4/10.0.0.7/tcp/4101", "/ip6/fd00::7/tcp/4101"]],
  ])("reads %s", (text, addresses) => {
    expect(addressesOf(parseJoinTarget(text), ["10.0.0.7", "fd00::7"])).toEqual(addresses);
  });

  it.each(["", "a b", "host:99999", "host:0", "http://host", "/ip4/1.2.3.4", "-host", "[fd00::2"])(
    "names %j as no place to join at",
    (text) => {
      expect(() => parseJoinTarget(text)).toThrow(MeshError);
    },
  );
});
