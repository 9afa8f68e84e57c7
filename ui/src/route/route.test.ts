import { describe, expect, it } from "vitest";
import { nodePath, parseRoute, securityPath } from "./route.ts";

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
