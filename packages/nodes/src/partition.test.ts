import { describe, expect, it } from "vitest";
import { detectPartition, type MemberState } from "./partition.ts";

const dead = (id: string, sinceMs: number): MemberState => ({ id, state: "dead", sinceMs });
const alive = (id: string): MemberState => ({ id, state: "alive", sinceMs: 0 });

describe("detectPartition", () => {
  it("sees none while members die one by one", () => {
    expect(detectPartition([alive("a"), dead("b", 1_000), dead("c", 60_000)], undefined)).toBeUndefined();
  });

  it("sees one when several are lost together", () => {
    const members = [dead("c", 3_000), alive("a"), dead("b", 1_000), dead("old", -100_000)];
    expect(detectPartition(members, undefined)).toEqual({ sinceMs: 1_000, unreachable: ["b", "c"] });
  });

  it("stands until the last of them is back", () => {
    const partition = detectPartition([dead("b", 1_000), dead("c", 1_000)], undefined);
    const half = detectPartition([alive("b"), dead("c", 1_000)], partition);
    expect(half).toEqual({ sinceMs: 1_000, unreachable: ["c"] });
    expect(detectPartition([alive("b"), alive("c")], half)).toBeUndefined();
  });

  it("ends when those that were lost have been removed", () => {
    const partition = detectPartition([dead("b", 1_000), dead("c", 1_000)], undefined);
    expect(detectPartition([alive("a")], partition)).toBeUndefined();
  });

  it("does not count those that left", () => {
    const left: MemberState = { id: "b", state: "left", sinceMs: 1_000 };
    expect(detectPartition([left, dead("c", 1_000)], undefined)).toBeUndefined();
  });
});
