import { describe, expect, it } from "vitest";
import type { LineConfig } from "../gpio-driver.ts";
import { type LineState, linesConfig } from "./lines-config.ts";
import { lineFlags } from "./uapi.ts";

const input = (config: Partial<LineConfig & { direction: "input" }> = {}): LineState => ({
  config: { direction: "input", pull: "none", activeLow: false, edges: "none", debounceMs: 0, ...config },
  level: "low",
});
const output = (
  level: LineState["level"],
  config: Partial<LineConfig & { direction: "output" }> = {},
): LineState => ({
  config: { direction: "output", activeLow: false, drive: "push-pull", level, ...config },
  level,
});

describe("linesConfig", () => {
  it("needs no attribute but the values when all lines are set up alike", () => {
    expect(linesConfig([output("low"), output("high"), output("high")])).toEqual({
      flags: lineFlags.output,
      attributes: [{ id: 2, value: 0b110n, mask: 0b111n }],
    });
    expect(linesConfig([input({ pull: "up" })])).toEqual({
      flags: lineFlags.input | lineFlags.pullUp,
      attributes: [],
    });
  });

  it("turns the pull off when there is to be none: it stays as it was otherwise", () => {
    expect(linesConfig([input()]).flags).toBe(lineFlags.input | lineFlags.pullDisabled);
  });

  it("says for lines that differ what is theirs", () => {
    const lines = [
      output("high", { drive: "open-drain", activeLow: true }),
      input({ edges: "both", debounceMs: 0.5 }),
      input({ edges: "both", debounceMs: 20 }),
      output("high"),
    ];
    const edges = lineFlags.input | lineFlags.pullDisabled | lineFlags.edgeRising | lineFlags.edgeFalling;
    expect(linesConfig(lines)).toEqual({
      flags: lineFlags.output | lineFlags.openDrain | lineFlags.activeLow,
      attributes: [
        { id: 1, value: BigInt(edges), mask: 0b0110n },
        { id: 1, value: BigInt(lineFlags.output), mask: 0b1000n },
        { id: 2, value: 0b1001n, mask: 0b1001n },
        { id: 3, value: 500n, mask: 0b0010n },
        { id: 3, value: 20_000n, mask: 0b0100n },
      ],
    });
  });

  it("holds as many lines as a request has", () => {
    const lines = Array.from({ length: 64 }, (_, index) => output(index === 63 ? "high" : "low"));
    expect(linesConfig(lines).attributes).toEqual([{ id: 2, value: 1n << 63n, mask: 2n ** 64n - 1n }]);
  });

  it("refuses more differences than a request can tell", () => {
    const lines = Array.from({ length: 11 }, (_, index) => input({ debounceMs: index + 1 }));
    expect(linesConfig(lines.slice(1)).attributes).toHaveLength(10);
    expect(() => linesConfig(lines)).toThrowError(expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }));
  });
});
