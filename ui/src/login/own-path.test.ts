import { describe, expect, it } from "vitest";
import { isOwnPath } from "./own-path.ts";

describe("isOwnPath", () => {
  it.each([
    ["/", true],
    ["/nodes/12D3KooW?x=1", true],
    ["//evil.example/", false],
    ["/\\evil.example/", false],
    ["https://evil.example/", false],
    ["", false],
  ])("%j: %s", (path, own) => {
    expect(isOwnPath(path)).toBe(own);
  });
});
