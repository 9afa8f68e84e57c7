import { describe, expect, it } from "vitest";
import { ChangesOfReports } from "./changes-of-reports.ts";
import { ticksBetween, timeOfTick } from "./tick-time.ts";

const timeOf = (tick: number) => BigInt(tick) * 1_000n;
const watched = { edges: "both", activeLow: false, sinceNs: 0n, high: false, lost: 0 } as const;
const report = (sequence: number, tick: number, ...high: number[]) => ({
  ...{ sequence, flags: 0, tick },
  levels: high.reduce((bits, line) => (bits | (1 << line)) >>> 0, 0),
});

describe("changes of reports", () => {
  it("are those of the lines that are watched", () => {
    const changes = new ChangesOfReports();
    changes.watch(4, { ...watched });
    changes.watch(31, { ...watched });
    expect(changes.mask()).toBe(0x8000_0010);
    expect(changes.edgesOf(report(0, 10, 4, 17), timeOf)).toEqual([
      { line: 4, level: "high", timestampNs: 10_000n, lostBefore: 0 },
    ]);
    expect(changes.edgesOf(report(1, 20, 17, 31), timeOf).map(({ line, level }) => [line, level])).toEqual([
      [4, "low"],
      [31, "high"],
    ]);
    changes.forget(4);
    expect(changes.edgesOf(report(2, 30, 4, 17, 31), timeOf)).toEqual([]);
  });

  it("are left out in the direction that is not wanted, with levels as they are meant", () => {
    const changes = new ChangesOfReports();
    changes.watch(4, { ...watched, edges: "falling", activeLow: true });
    expect(changes.edgesOf(report(0, 1, 4), timeOf)).toMatchObject([{ level: "low" }]);
    expect(changes.edgesOf(report(1, 2), timeOf)).toEqual([]);
  });

  it("say nothing of a line before it was set up, and nothing of signs of life", () => {
    const changes = new ChangesOfReports();
    changes.watch(4, { ...watched, sinceNs: 200_000_000n });
    expect(changes.edgesOf(report(0, 79_000, 4), timeOf)).toEqual([]);
    expect(changes.edgesOf({ ...report(1, 200_000, 4), flags: 64 }, timeOf)).toEqual([]);
    expect(changes.edgesOf(report(2, 200_001, 4), timeOf)).toHaveLength(1);
  });

  it("count reports that are missing, on each line, also where their numbers start over", () => {
    const changes = new ChangesOfReports();
    changes.watch(4, { ...watched });
    changes.watch(5, { ...watched });
    changes.edgesOf(report(65_534, 1, 4, 5), timeOf);
    expect(changes.edgesOf(report(1, 2, 5), timeOf)).toMatchObject([{ line: 4, lostBefore: 2 }]);
    expect(changes.edgesOf(report(2, 3, 4), timeOf)).toMatchObject([
      { line: 4, lostBefore: 0 },
      { line: 5, lostBefore: 2 },
    ]);
  });

  it("are told of a line that was set up an hour before", () => {
    const changes = new ChangesOfReports();
    changes.watch(4, { ...watched });
    expect(changes.edgesOf(report(0, 3_600_000_000, 4), timeOf)).toHaveLength(1);
  });
});

describe("the daemon's time", () => {
  it("goes on where 32 bits of microseconds start over", () => {
    expect(ticksBetween(0xffff_ffff, 9)).toBe(10);
    const anchor = { tick: 0xffff_fff0, ns: 5_000_000_000n };
    expect(timeOfTick(anchor, 0x10)).toBe(5_000_032_000n);
    expect(timeOfTick(anchor, 0xffff_ffe0)).toBe(4_999_984_000n);
  });
});
