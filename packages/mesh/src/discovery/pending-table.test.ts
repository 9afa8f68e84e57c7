import { describe, expect, it } from "vitest";
import type { PendingPeer } from "./pending.ts";
import { MAX_PENDING, PendingTable } from "./pending-table.ts";

const peer = (more: Partial<PendingPeer> = {}): PendingPeer => ({
  peer: "peer-0001",
  addresses: ["/ip4/10.0.0.1/tcp/1"],
  name: "pi",
  ...more,
});

/** What is told, as `found pi`. */
const told = (table: PendingTable, nowMs: number) =>
  table.changes(nowMs).map((change) => `${change.kind} ${change.peer.name}`);

describe("PendingTable", () => {
  it("tells of a peer once, and of its end when it was not heard of for its time to live", () => {
    const table = new PendingTable();
    table.heard(peer(), 120, 0);
    expect(table.nextDueMs).toBeLessThanOrEqual(0);
    expect(told(table, 0)).toEqual(["found pi"]);
    table.heard(peer(), 120, 60_000);
    expect(told(table, 60_000)).toEqual([]);
    expect(table.nextDueMs).toBe(180_000);
    expect(told(table, 179_999)).toEqual([]);
    expect(told(table, 180_000)).toEqual(["lost pi"]);
    expect([table.size, table.nextDueMs]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("believes no announcement for longer than the usual time", () => {
    const table = new PendingTable();
    table.heard(peer(), 2 ** 31, 0);
    told(table, 0);
    expect(told(table, 120_000)).toEqual(["lost pi"]);
  });

  it("lets a goodbye count a second later, unless the peer contradicts it", () => {
    const table = new PendingTable();
    table.heard(peer(), 120, 0);
    told(table, 0);
    table.goodbye("peer-0001", 5_000);
    table.goodbye("peer-none", 5_000);
    table.heard(peer(), 120, 5_500);
    expect(told(table, 6_000)).toEqual([]);
    table.goodbye("peer-0001", 7_000);
    expect(told(table, 7_999)).toEqual([]);
    expect(told(table, 8_000)).toEqual(["lost pi"]);
  });

  it("adds up the addresses that a peer tells on its interfaces, as long as each is told", () => {
    const table = new PendingTable();
    const [wired, wireless] = [["/ip4/10.0.0.1/tcp/1"], ["/ip4/10.0.0.2/tcp/1"]];
    table.heard(peer({ addresses: wired }), 120, 0);
    told(table, 0);
    table.heard(peer({ addresses: wireless }), 120, 2_000);
    expect(told(table, 2_000)).toEqual(["found pi"]);
    table.heard(peer({ addresses: wired }), 120, 3_000);
    expect(told(table, 4_000)).toEqual([]);
    expect(new Set(table.all()[0]?.addresses)).toEqual(new Set([...wired, ...wireless]));
    table.heard(peer({ addresses: wired }), 120, 122_500);
    expect(told(table, 122_500)).toEqual(["found pi"]);
    expect(table.all()[0]?.addresses).toEqual(wired);
  });

  it("keeps a bounded number of addresses, the ones told last", () => {
    const table = new PendingTable();
    for (let count = 0; count < 100; count++) {
      table.heard(peer({ addresses: [`/ip4/10.0.0.${count}/tcp/1`] }), 120, count);
    }
    expect(table.all()[0]?.addresses).toHaveLength(16);
    expect(table.all()[0]?.addresses).toContain("/ip4/10.0.0.99/tcp/1");
  });

  it("tells of a peer's changes at most once a second, and of the last one for certain", () => {
    const table = new PendingTable();
    const names: string[] = [];
    for (let nowMs = 0; nowMs < 3_000; nowMs += 10) {
      table.heard(peer({ name: `pi-${nowMs}` }), 120, nowMs);
      names.push(...told(table, nowMs));
    }
    expect(names).toEqual(["found pi-0", "found pi-1000", "found pi-2000"]);
    expect(table.nextDueMs).toBe(3_000);
    expect(told(table, 3_000)).toEqual(["found pi-2990"]);
  });

  it("keeps those that are there when a flood of others comes, and has room again later", () => {
    const table = new PendingTable();
    for (let count = 0; count < 10_000; count++) table.heard(peer({ peer: `peer-${count}` }), 120, 0);
    expect(table.size).toBe(MAX_PENDING);
    expect(table.heard(peer({ peer: "peer-late" }), 120, 1)).toBe(false);
    expect(table.heard(peer({ peer: "peer-0" }), 120, 1)).toBe(true);
    expect(table.changes(200_000)).toHaveLength(0);
    expect(table.heard(peer({ peer: "peer-late" }), 120, 200_000)).toBe(true);
  });
});
