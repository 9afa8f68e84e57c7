import { describe, expect, it } from "vitest";
import { createHostCheck, isSameOrigin } from "./host-check.ts";

describe("createHostCheck", () => {
  const isOurs = createHostCheck("10.1.2.3", ["Pi-Door.local"]);

  it.each([
    "localhost",
    "LOCALHOST:8080",
    "127.0.0.1:1",
    "[::1]:8080",
    "10.1.2.3",
    "pi-door.local:8080",
    "localhost.:80",
  ])("takes %s for this peer", (host) => {
    expect(isOurs(host)).toBe(true);
  });

  it.each([undefined, "", "evil.example", "localhost.evil.example", "10.1.2.4:8080", "localhost:x", "[::2]"])(
    "does not take %s for this peer",
    (host) => {
      expect(isOurs(host)).toBe(false);
    },
  );
});

describe("isSameOrigin", () => {
  it("lets programs through, and pages that this peer served", () => {
    expect(isSameOrigin(undefined, "127.0.0.1:80")).toBe(true);
    expect(isSameOrigin("http://localhost:8080", "localhost:8080")).toBe(true);
  });

  it.each(["http://localhost:8081", "http://evil.example", "null", "", "localhost:8080"])(
    "refuses %j",
    (origin) => {
      expect(isSameOrigin(origin, "localhost:8080")).toBe(false);
    },
  );
});
