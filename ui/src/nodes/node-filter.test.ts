import { describe, expect, it } from "vitest";
import { nodeOf } from "../test-samples.ts";
import { countStates, matchesFilter, parseState } from "./node-filter.ts";

const node = nodeOf({ name: "pi-kitchen", labels: { role: "gpio" }, addresses: ["/ip4/10.0.0.7/tcp/4101"] });

describe("matchesFilter", () => {
  it.each([
    ["", true],
    ["KITCHEN", true],
    ["role=gpio", true],
    ["10.0.0.7 kitchen", true],
    ["kitchen cellar", false],
  ])("searching %j finds the node: %s", (search, found) => {
    expect(matchesFilter(node, { search, state: null })).toBe(found);
  });

  it("looks at the state as well", () => {
    expect(matchesFilter(node, { search: "", state: "alive" })).toBe(true);
    expect(matchesFilter(node, { search: "kitchen", state: "dead" })).toBe(false);
  });
});

describe("countStates", () => {
  it("counts every state, also those that nobody is in", () => {
    expect(countStates([node, node])).toEqual({ alive: 2, suspect: 0, dead: 0, left: 0, unknown: 0 });
  });
});

describe("parseState", () => {
  it("ignores what is not a state", () => {
    expect(parseState("dead")).toBe("dead");
    expect(parseState("sleeping")).toBeNull();
    expect(parseState(null)).toBeNull();
  });
});
