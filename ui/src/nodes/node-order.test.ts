import type { NodeView } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { nodeOf, sampleOf } from "../test-samples.ts";
import { formatNodeOrder, nodeColumns, parseNodeOrder, sortNodes } from "./node-order.ts";

function measuring(name: string, temperatureCelsius: number, status: "current" | "unknown" = "current") {
  const sample = sampleOf({ temperatureCelsius });
  const value = status === "current" ? sample : null;
  return nodeOf({ name, metrics: { ...nodeOf({}).metrics, status, value, lastValue: sample } });
}

const names = (nodes: readonly NodeView[]) => nodes.map(({ name }) => name);

describe("sortNodes", () => {
  it("counts numbers inside names", () => {
    const nodes = ["pi-10", "pi-2", "pi-1"].map((name) => nodeOf({ name }));
    expect(names(sortNodes(nodes, { column: "name", descending: false }))).toEqual(["pi-1", "pi-2", "pi-10"]);
  });

  it("puts what is unknown last in both directions, however hot it last was", () => {
    const nodes = [measuring("gone", 90, "unknown"), measuring("cool", 40), measuring("warm", 60)];
    const sorted = (descending: boolean) => names(sortNodes(nodes, { column: "temperature", descending }));
    expect(sorted(false)).toEqual(["cool", "warm", "gone"]);
    expect(sorted(true)).toEqual(["warm", "cool", "gone"]);
  });

  it("puts what needs attention first when sorted by state", () => {
    const inState = (state: NodeView["membership"]["state"]) =>
      nodeOf({ name: state, membership: { ...nodeOf({}).membership, state } });
    const nodes = [inState("alive"), inState("left"), inState("dead"), inState("suspect")];
    expect(names(sortNodes(nodes, { column: "state", descending: false }))).toEqual([
      "dead",
      "suspect",
      "left",
      "alive",
    ]);
  });

  it("orders equal ones by name and leaves the input alone", () => {
    const nodes = [measuring("b", 50), measuring("a", 50)];
    expect(names(sortNodes(nodes, { column: "temperature", descending: true }))).toEqual(["a", "b"]);
    expect(names(nodes)).toEqual(["b", "a"]);
  });
});

describe("node order as text", () => {
  it("reads back what it wrote", () => {
    for (const column of nodeColumns) {
      for (const descending of [false, true]) {
        expect(parseNodeOrder(formatNodeOrder({ column, descending }))).toEqual({ column, descending });
      }
    }
  });

  it("refuses what is not a column", () => {
    expect(parseNodeOrder("-colour")).toBeNull();
    expect(parseNodeOrder(null)).toBeNull();
  });
});
