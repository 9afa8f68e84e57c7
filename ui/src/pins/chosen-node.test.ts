import { describe, expect, it } from "vitest";
import { nodeOf } from "../test-samples.ts";
import { chosenNode } from "./chosen-node.ts";

const nodes = [
  nodeOf({ id: "12D3KooWtest0002", name: "pi-b", self: true }),
  nodeOf({ id: "12D3KooWtest0001", name: "pi-a" }),
  nodeOf({ id: "manual-1", name: "aaa", kind: "manual" }),
];

describe("chosenNode", () => {
  it("is the one in the address bar, also before its name is known", () => {
    expect(chosenNode("12D3KooWother", nodes)).toBe("12D3KooWother");
  });

  it("is the peer that answers, or the first that runs one", () => {
    expect(chosenNode(null, nodes)).toBe("12D3KooWtest0002");
    expect(
      chosenNode(
        "",
        nodes.map((node) => ({ ...node, self: false })),
      ),
    ).toBe("12D3KooWtest0001");
    expect(chosenNode(null, [])).toBeNull();
  });
});
