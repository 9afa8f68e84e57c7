import type { MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { addressFilter, allowsAddress, plainAddress, senderOf } from "./address.ts";

describe("plainAddress", () => {
  it.each([
    ["192.168.1.7", "192.168.1.7"],
    ["::ffff:192.168.1.7", "192.168.1.7"],
    ["::ffff:c0a8:107", "192.168.1.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    ["", ""],
    ["no address", "no address"],
  ])("makes %j to %j", (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});

describe("senderOf", () => {
  it("takes a /64 for one sender, since one machine has all of it", () => {
    expect(senderOf("2001:db8:1:2:3:4:5:6")).toBe(senderOf("2001:db8:1:2::99"));
    expect(senderOf("2001:db8:1:2::1")).not.toBe(senderOf("2001:db8:1:3::1"));
  });

  it("tells link-local neighbours apart, who all share one /64", () => {
    expect(senderOf("fe80::1%eth0")).not.toBe(senderOf("fe80::2%eth0"));
  });

  it("takes an IPv4 address and its mapped form for the same", () => {
    expect(senderOf("::ffff:10.0.0.1")).toBe(senderOf("10.0.0.1"));
    expect(senderOf("10.0.0.1")).not.toBe(senderOf("10.0.0.2"));
  });
});

describe("allowsAddress", () => {
  const cidrs = ["192.168.0.0/16", "10.1.2.3", "fd00::/8"];

  it.each([
    ["192.168.44.1", true],
    ["::ffff:192.168.44.1", true],
    ["10.1.2.3", true],
    ["10.1.2.4", false],
    ["fd12::1", true],
    ["fe80::1%wlan0", false],
    ["2001:db8::1", false],
    ["", false],
    ["no address", false],
  ])("of %s: %s", (address, allowed) => {
    expect(allowsAddress(cidrs, address)).toBe(allowed);
  });

  it("allows all where no network is named", () => {
    expect(allowsAddress([], "203.0.113.9")).toBe(true);
  });

  it.each(["192.168.0.0/33", "fd00::/129", "192.168.0/16", "10.0.0.0/8/8", "10.0.0.0/", "", "example.com/8"])(
    "refuses %j as a network, by name",
    (cidr) => {
      expect(() => addressFilter([cidr])).toThrowError(
        expect.objectContaining<Partial<MeshError>>({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining(`"${cidr}"`) as string,
        }),
      );
    },
  );
});
