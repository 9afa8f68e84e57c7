import { describe, expect, it } from "vitest";
import { eventOf } from "../test-samples.ts";
import { eventTypeChoices, matchesEvent } from "./event-filter.ts";

const event = eventOf({ type: "cluster.node.alive", node: "12D3KooWtest0001" });

describe("matchesEvent", () => {
  it.each([
    ["", "", true],
    ["cluster.node.alive", "", true],
    ["cluster.node.*", "12D3KooWtest0001", true],
    ["cluster.*", "", true],
    ["cluster.node", "", false],
    ["hardware.voltage.*", "", false],
    ["", "12D3KooWtest0002", false],
  ])("type %j and node %j: %s", (type, node, matches) => {
    expect(matchesEvent(event, { type, node, correlation: "" })).toBe(matches);
  });

  it("tells what came of one request from all else", () => {
    const all = { type: "", node: "" };
    expect(matchesEvent(event, { ...all, correlation: event.correlationId })).toBe(true);
    expect(matchesEvent(event, { ...all, correlation: "other" })).toBe(false);
  });
});

describe("eventTypeChoices", () => {
  it("offers each area before its types", () => {
    const choices = eventTypeChoices();
    expect(choices[0]).toBe("cluster.node.*");
    expect(choices.indexOf("hardware.voltage.*")).toBe(choices.indexOf("hardware.voltage.low") - 1);
    expect(new Set(choices).size).toBe(choices.length);
  });
});
