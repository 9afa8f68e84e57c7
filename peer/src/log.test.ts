import { describe, expect, it } from "vitest";
import { parseLevels } from "./log.ts";

describe("parseLevels", () => {
  it("takes one level for all, and others by component", () => {
    const levels = parseLevels("warn,mesh=debug,api=error");
    expect(levels.base).toBe("warn");
    expect([...levels.components]).toEqual([
      ["mesh", "debug"],
      ["api", "error"],
    ]);
  });
});
