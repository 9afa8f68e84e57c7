import { nodeNameSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { uniqueNodeName } from "./node-names.ts";

describe("uniqueNodeName", () => {
  it("adds the end of the id only when the name is taken", () => {
    expect(uniqueNodeName("raspberrypi", "12D3KooWabcDEF12", new Set())).toBe("raspberrypi");
    expect(uniqueNodeName("raspberrypi", "12D3KooWabcDEF12", new Set(["raspberrypi"]))).toBe(
      "raspberrypi-def12",
    );
  });

  it("stays valid for the longest name", () => {
    const longest = "a".repeat(63);
    expect(
      nodeNameSchema.safeParse(uniqueNodeName(longest, "12D3KooWabcDEF12", new Set([longest]))).success,
    ).toBe(true);
  });
});
