import { describe, expect, it } from "vitest";
import { scanRows } from "./scan-table.ts";

describe("scanRows", () => {
  const cells = scanRows([0x48, 0x76], new Set([0x48])).flat();

  it("has a cell for each of 128 addresses, in order", () => {
    expect(cells.map(({ address }) => address)).toEqual(Array.from({ length: 128 }, (_, index) => index));
  });

  it("tells apart what answers, what is reserved, what is silent and what is not asked", () => {
    const stateAt = (address: number) => cells[address]?.state;
    expect([0x02, 0x03, 0x48, 0x76, 0x77, 0x78].map(stateAt)).toEqual([
      "outside",
      "silent",
      "reserved",
      "answers",
      "silent",
      "outside",
    ]);
  });
});
