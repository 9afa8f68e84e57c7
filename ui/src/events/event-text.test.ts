import { describe, expect, it } from "vitest";
import { eventOf } from "../test-samples.ts";
import { describeEvent, subjectOf } from "./event-text.ts";

const nameOf = (id: string) => (id === "id-b" ? "pi-b" : id);

describe("describeEvent", () => {
  it("puts a known event in words", () => {
    const event = eventOf({ type: "hardware.temperature.high", data: { celsius: 81.25 } });
    expect(describeEvent(event, nameOf)).toEqual({ severity: "warning", text: "is hot: 81.3 °C" });
  });

  it("calls nodes by their names", () => {
    const data = { reachable: 2, unreachable: ["id-b", "id-c"] };
    const event = eventOf({ type: "mesh.partition.suspected", data });
    expect(describeEvent(event, nameOf).text).toContain("out of reach pi-b, id-c");
  });

  it("calls nodes by their names also inside of a reason", () => {
    const id = `12D3KooW${"A".repeat(44)}`;
    const event = eventOf({
      type: "cluster.node.failed",
      data: { previous: "suspect", reason: `${id} said so` },
    });
    expect(describeEvent(event, (other) => (other === id ? "pi-b" : other)).text).toBe(
      "is dead: pi-b said so",
    );
  });

  it("shows the data of a type that it does not know", () => {
    const event = eventOf({ type: "gpio.pin.claimed", data: { pin: 18, by: "fan" } });
    expect(describeEvent(event, nameOf)).toEqual({ severity: "info", text: "pin: 18, by: fan" });
  });

  it("shows the data of a known type that a newer peer has changed", () => {
    const event = eventOf({ type: "hardware.temperature.high", data: { kelvin: 354 } });
    expect(describeEvent(event, nameOf).text).toBe("kelvin: 354");
  });

  it("takes no property of every object for an event type", () => {
    expect(describeEvent(eventOf({ type: "constructor", data: {} }), nameOf).severity).toBe("info");
  });
});

describe("subjectOf", () => {
  const removed = eventOf({ type: "cluster.node.removed", node: "id-gone-1", data: { name: "pi-old" } });

  it("is the present name of the node", () => {
    expect(subjectOf(removed, new Map([["id-gone-1", "pi-new"]]))).toBe("pi-new");
  });

  it("is the name in the event when the node is gone, and nothing when there is none", () => {
    expect(subjectOf(removed, new Map())).toBe("pi-old");
    expect(subjectOf(eventOf({ data: {} }), new Map())).toBeNull();
  });
});
