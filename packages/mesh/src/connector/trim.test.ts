import { describe, expect, it } from "vitest";
import { connectionsToTrim } from "./trim.ts";

const LIMITS = { maxConnections: 4, spareLifetimeMs: 1_000 };
const connection = (peer: string, connectedMs: number) => ({ peer, connectedMs });

describe("connectionsToTrim", () => {
  it("closes those that are not neighbours when they are old enough", () => {
    const connections = [connection("near", 0), connection("old", 0), connection("new", 600)];
    expect(connectionsToTrim(connections, new Set(["near"]), LIMITS, 1_000)).toEqual(["old"]);
  });

  it("keeps as many others as neighbours are missing", () => {
    const connections = [connection("a", 0), connection("b", 10), connection("c", 20)];
    expect(connectionsToTrim(connections, new Set(["x", "y"]), LIMITS, 5_000)).toEqual(["c"]);
  });

  it("closes the oldest of those that are too many, however new, and never a neighbour", () => {
    const connections = ["a", "b", "c", "d", "e", "f"].map((peer, index) => connection(peer, index));
    expect(connectionsToTrim(connections, new Set(["a", "b"]), LIMITS, 10)).toEqual(["c", "d"]);
    const all = new Set(connections.map(({ peer }) => peer));
    expect(connectionsToTrim(connections, all, LIMITS, 5_000)).toEqual([]);
  });
});
