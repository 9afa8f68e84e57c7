import { describe, expect, it } from "vitest";
import { nodePath, parseRoute } from "./route.ts";

describe("parseRoute", () => {
  it.each([
    ["/", { page: "nodes" }],
    ["/nodes/", { page: "nodes" }],
    ["/events", { page: "events" }],
    ["/mesh", { page: "mesh" }],
    [nodePath("12D3KooW"), { page: "node", id: "12D3KooW" }],
    ["/nodes/a/b", { page: "missing", path: "/nodes/a/b" }],
    ["/nodes/%", { page: "missing", path: "/nodes/%" }],
    ["/cluster", { page: "missing", path: "/cluster" }],
  ])("%s", (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });
});
