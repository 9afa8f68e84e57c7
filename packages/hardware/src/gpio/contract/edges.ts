import { describe, expect, it } from "vitest";
import type { Edge } from "../gpio-driver.ts";
import { type GpioBench, input } from "./gpio-bench.ts";

const BURST = 500;

/** How changes of inputs are told. */
export function describeEdges(bench: GpioBench): void {
  const { configure, edgesOf, seenSoFar, move, soon, needs } = bench;

  describe("edges", () => {
    it(
      "are told with their level, at times that rise",
      needs("edges", async () => {
        const { a, seen } = bench;
        await move(a, "low");
        await configure([a, input({ edges: "both" })]);
        await move(a, "high", "low", "high");
        await soon(() => seen.length).toBe(3);
        expect(seen.map(({ level }) => level)).toEqual(["high", "low", "high"]);
        expect(seen.every(({ line, lostBefore }) => line === a && lostBefore === 0)).toBe(true);
        expectRising(seen);
      }),
    );

    it(
      "are told only in the direction asked for, on each of several lines",
      needs("edges", async () => {
        const { a, b, c, seen } = bench;
        for (const line of [a, b, c]) await move(line, "low");
        await configure(
          [a, input({ edges: "rising" })],
          [b, input({ edges: "falling" })],
          [c, input({ edges: "none" })],
        );
        for (const line of [a, b, c]) await move(line, "high", "low");
        await soon(() => seen.length).toBe(2);
        expect(seenSoFar().toSorted()).toEqual([`${a} high`, `${b} low`].toSorted());
      }),
    );

    it(
      "mean the logical level of a line that is active low",
      needs("edges", async () => {
        const { a, seen } = bench;
        await move(a, "low");
        await configure([a, input({ edges: "falling", activeLow: true })]);
        await move(a, "high", "low");
        await soon(() => seen.length).toBe(1);
        expect(seenSoFar()).toEqual([`${a} low`]);
      }),
    );

    it(
      "are not told to somebody who no longer listens",
      needs("edges", async () => {
        const { driver, a, seen } = bench;
        const heard: Edge[] = [];
        const stopListening = driver.observe((edges) => heard.push(...edges));
        await move(a, "low");
        await configure([a, input({ edges: "both" })]);
        await move(a, "high");
        await soon(() => heard.length).toBe(1);
        stopListening();
        await move(a, "low");
        await soon(() => seen.length).toBe(2);
        expect(heard).toHaveLength(1);
      }),
    );

    it(
      "that do not last are left out by debouncing",
      needs("debounce", async () => {
        const { driver, a, seen } = bench;
        await move(a, "low");
        await configure([a, input({ edges: "both", debounceMs: 100 })]);
        await move(a, "high", "low", "high", "low", "high");
        await soon(() => seen.length).toBe(1);
        expect(seenSoFar()).toEqual([`${a} high`]);
        expect(await driver.read([a])).toEqual(["high"]);
      }),
    );

    it(
      "are no longer told when the line is set up without them, or let go of",
      needs("edges", async () => {
        const { driver, a, b, c, seen } = bench;
        for (const line of [a, b, c]) await move(line, "low");
        await configure(...[a, b, c].map((line) => [line, input({ edges: "both" })] as const));
        await configure([a, input()]);
        await driver.release(b, "input");
        for (const line of [a, b, c]) await move(line, "high");
        await soon(() => seen.length).toBe(1);
        expect(seenSoFar()).toEqual([`${c} high`]);
      }),
    );

    it(
      "of a burst are told, or counted as lost",
      needs("edges", async () => {
        const { a, subject } = bench;
        await move(a, "low");
        await configure([a, input({ edges: "both" })]);
        for (let edge = 0; edge < BURST; edge++) await subject.drive(a, edge % 2 === 0 ? "high" : "low");
        await soon(() => edgesOf(a).reduce((sum, { lostBefore }) => sum + 1 + lostBefore, 0)).toBe(BURST);
        expect(edgesOf(a).at(-1)?.level).toBe("low");
        expectRising(edgesOf(a));
      }),
      30_000,
    );
  });
}

function expectRising(edges: readonly Edge[]): void {
  edges.forEach(({ timestampNs }, index) => {
    const before = edges[index - 1];
    if (before !== undefined) expect(timestampNs).toBeGreaterThan(before.timestampNs);
  });
}
