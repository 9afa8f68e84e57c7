import { describe, expect, it } from "vitest";
import { rangeText } from "./chart-summary.ts";

const percent = (value: number) => `${value} %`;

describe("rangeText", () => {
  it("tells the range of what is known", () => {
    expect(rangeText("CPU", [{ label: "CPU", values: [5, null, 30] }], percent)).toBe(
      "CPU, between 5 % and 30 %",
    );
  });

  it("says of each of several lines what is known", () => {
    const lines = [
      { label: "in", values: [1, 2] },
      { label: "out", values: [null] },
    ];
    expect(rangeText("Network", lines, percent)).toBe("Network, in: between 1 % and 2 %; out: nothing known");
  });
});
