import { describe, expect, it } from "vitest";
import { decidePlain, secureLocation } from "./http-redirect.ts";

describe("decidePlain", () => {
  const plain = { secure: false, loopback: false };
  const local = { secure: false, loopback: true };
  it("serves TLS, from wherever it comes", () => {
    expect(decidePlain({ secure: true, loopback: false }, "never", true)).toBe("serve");
  });
  it("serves plain HTTP to this machine alone, when it may", () => {
    expect(decidePlain(local, "loopback", true)).toBe("serve");
    expect(decidePlain(local, "loopback", false)).toBe("serve");
    expect(decidePlain(local, "never", true)).toBe("redirect");
  });
  it("sends everybody else to TLS, and refuses where there is none", () => {
    expect(decidePlain(plain, "loopback", true)).toBe("redirect");
    expect(decidePlain(plain, "loopback", false)).toBe("refuse");
  });
});

describe("secureLocation", () => {
  it("keeps name, port, path and query", () => {
    expect(secureLocation("pi.local:8080", "/nodes?a=1")).toBe("https://pi.local:8080/nodes?a=1");
    expect(secureLocation("[fd00::1]:8080", "//evil.example/")).toBe("https://[fd00::1]:8080//evil.example/");
  });
  it.each(["http://evil.example/", "*", "evil.example:443", ""])("has none for the target %j", (target) => {
    expect(secureLocation("pi.local", target)).toBeUndefined();
  });
});
