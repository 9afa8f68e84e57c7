import type { Rule } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { mayWithPins } from "./pin-rights.ts";

const rules: readonly Rule[] = [{ verbs: ["list", "update"], resources: ["gpio"], namespaces: ["garden"] }];

describe("mayWithPins", () => {
  it("asks for one namespace, or for any while it is not known which", () => {
    expect(mayWithPins(rules, "update", "garden")).toBe(true);
    expect(mayWithPins(rules, "update", "house")).toBe(false);
    expect(mayWithPins(rules, "update")).toBe(true);
    expect(mayWithPins(rules, "create")).toBe(false);
  });
});
