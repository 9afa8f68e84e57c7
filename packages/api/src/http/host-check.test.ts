import { describe, expect, it } from "vitest";
import { createHostCheck, isSameOrigin } from "./host-check.ts";

describe("createHostCheck", () => {
  let names = ["Pi-Door.local"];
  const isOurs = createHostCheck(["10.1.2.3", "fd00::7"], () => names);

  it.each([
    "localhost",
    "LOCALHOST:8080",
    "127.0.0.1:1",
    "[::1]:8080",
    "[0:0::1]:8080",
    "10.1.2.3",
    "[fd00::7]",
    "pi-door.local:8080",
    "localhost.:80",
  ])("takes %s for this peer", (host) => {
    expect(isOurs(host, "10.1.2.3")).toBe(true);
  });

  it.each([
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "10.1.2.4:8080",
    "localhost:x",
    "[::2]",
    "[::1",
    "[]",
  ])("does not take %s for this peer", (host) => {
    expect(isOurs(host, "10.1.2.3")).toBe(false);
  });

  it("takes the very address that was connected to for this peer", () => {
    expect(isOurs("192.168.1.20:8080", "192.168.1.20")).toBe(true);
    expect(isOurs("192.168.1.20:8080", "192.168.1.21")).toBe(false);
    expect(isOurs("[fd00:0::1]", "fd00::1")).toBe(true);
  });

  it("follows the names of the peer as they change", () => {
    expect(isOurs("pi-gate.local", "10.1.2.3")).toBe(false);
    names = ["pi-gate.local"];
    expect(isOurs("pi-gate.local", "10.1.2.3")).toBe(true);
    expect(isOurs("pi-door.local", "10.1.2.3")).toBe(false);
    names = ["Pi-Door.local"];
  });
});

describe("isSameOrigin", () => {
  it("lets programs through, and pages that this peer served", () => {
    expect(isSameOrigin(undefined, "127.0.0.1:80", false)).toBe(true);
    expect(isSameOrigin("http://localhost:8080", "localhost:8080", false)).toBe(true);
    expect(isSameOrigin("http://localhost", "localhost:80", false)).toBe(true);
    expect(isSameOrigin("https://pi.local", "PI.local", true)).toBe(true);
  });

  it.each([
    "http://localhost:8081",
    "http://evil.example",
    "null",
    "",
    "localhost:8080",
    "https://localhost:8080",
  ])("refuses %j", (origin) => {
    expect(isSameOrigin(origin, "localhost:8080", false)).toBe(false);
  });

  it("takes a page that came in the clear for another one than this peer's over TLS", () => {
    expect(isSameOrigin("http://pi.local:8080", "pi.local:8080", true)).toBe(false);
  });
});
