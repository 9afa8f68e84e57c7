import { describe, expect, it } from "vitest";
import { clientFilter, isLoopback, normalAddress } from "./gate-address.ts";

describe("normalAddress", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["FE80:0:0::1%eth0", "fe80::1"],
    ["2001:0db8:0:0:0:0:0:1", "2001:db8::1"],
    ["", ""],
  ])("writes %j as %j", (address, normal) => {
    expect(normalAddress(address)).toBe(normal);
  });
});

describe("isLoopback", () => {
  it.each(["127.0.0.1", "127.9.9.9", "::1"])("is true for %s", (address) => {
    expect(isLoopback(address)).toBe(true);
  });
  it.each(["128.0.0.1", "10.0.0.1", "::2", "", "localhost", "127.evil"])("is false for %j", (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe("clientFilter", () => {
  it("lets everybody in unless it is told otherwise", () => {
    expect(clientFilter([])("203.0.113.9")).toBe(true);
  });
  it("lets in the networks that it is told, and the loopback", () => {
    const isAllowed = clientFilter(["192.168.1.0/24", "fd00::/8", "203.0.113.9"]);
    for (const address of ["192.168.1.77", "fd12::1", "203.0.113.9", "127.0.0.1", "::1"]) {
      expect(isAllowed(address), address).toBe(true);
    }
    for (const address of ["192.168.2.1", "fe80::1", "203.0.113.8", "", "nonsense"]) {
      expect(isAllowed(address), address).toBe(false);
    }
  });
  it.each(["192.168.1.0/33", "nonsense", "fd00::/129", "", "1.2.3.4/", "10.0.0.0/8/8"])(
    "refuses %j as a network",
    (network) => {
      expect(() => clientFilter([network])).toThrow(/is no network such as/);
    },
  );
});
