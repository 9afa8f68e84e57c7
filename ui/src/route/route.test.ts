import { describe, expect, it } from "vitest";
import { isPage, nodePath, parseRoute, securityPath } from "./route.ts";

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
