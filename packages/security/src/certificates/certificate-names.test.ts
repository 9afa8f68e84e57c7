import { describe, expect, it } from "vitest";
import { namesOfNode, normalNames, permittedPart } from "./certificate-names.ts";

describe("namesOfNode", () => {
  it("takes the name, the configured ones and the addresses that are announced, but the loopback", () => {
    const addresses = [
      "/ip4/192.168.1.20/tcp/4101/p2p/12D3",
      "/ip4/127.0.0.1/tcp/4101",
      "/ip6/FD00:0::1/tcp/4101",
      "/ip6/::1/tcp/4101",
      "/ip4/0.0.0.0/tcp/4101",
      "/dns4/elsewhere.example/tcp/1",
      "/ip4/999.1.1.1/tcp/1",
    ];
    expect(namesOfNode("door", ["Pi.Example.", "localhost"], addresses)).toEqual({
      dnsNames: ["door", "door.local", "pi.example"],
      ipAddresses: ["192.168.1.20", "fd00::1"],
    });
  });
});

describe("normalNames", () => {
  it("has no more than a statement takes", () => {
    const many = normalNames({
      dnsNames: Array.from({ length: 50 }, (_, index) => `n${index}`),
      ipAddresses: Array.from({ length: 50 }, (_, index) => `10.0.0.${index}`),
    });
    expect([many.dnsNames.length, many.ipAddresses.length]).toEqual([16, 32]);
  });
});

describe("permittedPart", () => {
  it("is what both have", () => {
    const one = { dnsNames: ["a", "b"], ipAddresses: ["10.0.0.1"] };
    const other = { dnsNames: ["b", "c"], ipAddresses: ["10.0.0.2"] };
    expect(permittedPart(one, other)).toEqual({ dnsNames: ["b"], ipAddresses: [] });
  });
});
