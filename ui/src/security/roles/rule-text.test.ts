import type { Rule } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ruleText } from "./rule-text.ts";

describe("ruleText", () => {
  const cases: readonly (readonly [Rule, string])[] = [
    [{ verbs: ["*"], resources: ["*"] }, "do everything"],
    [{ verbs: ["*"], resources: ["gpio", "jobs"] }, "do everything with gpio and jobs"],
    [{ verbs: ["get"], resources: ["*"] }, "get everything"],
    [
      { verbs: ["get", "list", "watch"], resources: ["nodes"], names: ["node-0001"] },
      "get, list and watch nodes, only node-0001",
    ],
    [
      { verbs: ["create"], resources: ["jobs"], namespaces: ["home", "garage"] },
      "create jobs, in namespace home and garage",
    ],
  ];
  it.each(cases)("puts %j in words", (rule, text) => {
    expect(ruleText(rule)).toBe(text);
  });
});
