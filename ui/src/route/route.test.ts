import { describe, expect, it } from "vitest";
import { isPage, nodePath, parseRoute, pinsPath, securityPath } from "./route.ts";

describe("parseRoute", () => {
  it.each([
    ["/", { page: "nodes" }],
    ["/nodes/", { page: "nodes" }],
    ["/events", { page: "events" }],
    ["/mesh", { page: "mesh" }],
    [nodePath("12D3KooW"), { page: "node", id: "12D3KooW" }],
    ["/security", { page: "security", section: "overview" }],
    [securityPath("join-tokens"), { page: "security", section: "join-tokens" }],
    ["/security/nonsense", { page: "missing", path: "/security/nonsense" }],
    ["/security/users/ann", { page: "missing", path: "/security/users/ann" }],
    [pinsPath("pins"), { page: "pins", section: "pins" }],
    [pinsPath("reservations"), { page: "pins", section: "reservations" }],
    ["/pins/limits/", { page: "pins", section: "limits" }],
    ["/pins/pins", { page: "missing", path: "/pins/pins" }],
    ["/nodes/a/b", { page: "missing", path: "/nodes/a/b" }],
    ["/nodes/%", { page: "missing", path: "/nodes/%" }],
    ["/cluster", { page: "missing", path: "/cluster" }],
  ])("%s", (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });
});

describe("isPage", () => {
  it("leaves files and the API to the browser", () => {
    expect(["/", "/security/users", nodePath("12D3KooW")].every(isPage)).toBe(true);
    expect(["/root.crt", "/icon.svg", "/api/v1/oidc/login"].some(isPage)).toBe(false);
  });
});

describe("pinsPath", () => {
  it("names a node and a resource of it in the query", () => {
    expect(pinsPath("pins", { node: "12D3KooW", resource: "i2c-1:0x48" })).toBe(
      "/pins?node=12D3KooW&resource=i2c-1%3A0x48",
    );
  });
});
