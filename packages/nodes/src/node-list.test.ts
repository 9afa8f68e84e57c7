import { type NodeQuery, type NodeView, nodeQuerySchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { listNodes } from "./node-list.ts";

function node(
  id: string,
  changes: Partial<NodeView> = {},
  temperatureCelsius: number | null = null,
): NodeView {
  const sample = {
    time: "2026-01-01T00:00:00.000Z",
    uptimeSeconds: 1,
    cpuUsage: null,
    load: [0, 0, 0] as [number, number, number],
    memoryUsedBytes: 1,
    memoryTotalBytes: 2,
    diskUsedBytes: null,
    diskTotalBytes: null,
    temperatureCelsius,
    throttling: null,
    network: [],
    processMemoryBytes: 1,
  };
  return {
    id,
    kind: "peer",
    name: `name-${id}`,
    labels: {},
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    self: false,
    membership: { state: "alive", since: null, incarnation: 0, bootEpoch: 1 },
    lastSeen: null,
    addresses: [],
    apiUrls: [],
    version: null,
    board: null,
    metrics: {
      status: "current",
      asOf: null,
      ageMs: 0,
      membership: "alive",
      value: sample,
      lastValue: sample,
    },
    ...changes,
  };
}

const query = (text: Record<string, string>): NodeQuery => nodeQuerySchema.parse(text);
const ids = (nodes: readonly NodeView[], text: Record<string, string>) =>
  listNodes(nodes, query(text)).items.map(({ id }) => id);

describe("listNodes", () => {
  const nodes = [
    node("a", { labels: { role: "worker", zone: "attic" } }, 50),
    node("b", {
      labels: { role: "worker" },
      membership: { state: "dead", since: null, incarnation: 0, bootEpoch: 1 },
    }),
    node("c", { kind: "manual" }, 70),
  ];

  it("filters by state, kind, part of the name and labels", () => {
    expect(ids(nodes, { state: "alive" })).toEqual(["a", "c"]);
    expect(ids(nodes, { state: "alive,dead" })).toEqual(["a", "b", "c"]);
    expect(ids(nodes, { kind: "manual" })).toEqual(["c"]);
    expect(ids(nodes, { name: "me-b" })).toEqual(["b"]);
    expect(ids(nodes, { label: "role=worker" })).toEqual(["a", "b"]);
    expect(ids(nodes, { label: "role=worker,zone" })).toEqual(["a"]);
    expect(ids(nodes, { label: "constructor" })).toEqual([]);
  });

  it("sorts what is not known last, in either direction", () => {
    expect(ids(nodes, { sort: "temperature" })).toEqual(["a", "c", "b"]);
    expect(ids(nodes, { sort: "-temperature" })).toEqual(["c", "a", "b"]);
  });

  it("pages without losing or repeating a node, also when one before the page goes away", () => {
    const many = Array.from({ length: 25 }, (_, index) => node(`n${String(index).padStart(2, "0")}`));
    const first = listNodes(many, query({ limit: "10" }));
    expect(first.total).toBe(25);
    const second = listNodes(many.slice(3), query({ limit: "10", cursor: first.nextCursor ?? "" }));
    const third = listNodes(many, query({ limit: "10", cursor: second.nextCursor ?? "" }));
    expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(
      many.map(({ id }) => id),
    );
    expect(third.nextCursor).toBeNull();
  });

  it.each(["", "x", "bnVsbA", "WzFd"])("names the cursor when it is not one: %j", (cursor) => {
    expect(() => listNodes(nodes, query({ cursor }))).toThrow("cursor: expected the nextCursor");
  });

  it("names the label selector when it cannot be read", () => {
    for (const label of ["a=b=c", "", "a,", "a!=b", "a=b c"]) {
      expect(() => listNodes(nodes, query({ label }))).toThrow("label: expected key=value");
    }
  });
});
