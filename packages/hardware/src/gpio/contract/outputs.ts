import { describe, expect, it } from "vitest";
import { type GpioBench, output } from "./gpio-bench.ts";

/** What outputs do. */
export function describeOutputs(bench: GpioBench): void {
  const { configure, levels, move, needs } = bench;

  describe("outputs", () => {
    it("drive the level that they are set up with", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("high")], [b, output("low")]);
      expect(await levels(a, b)).toEqual(["high", "low"]);
      expect(await driver.read([b, a])).toEqual(["low", "high"]);
    });

    it("follow writes, several lines in one call", async () => {
      const { driver, a, b, c } = bench;
      await configure([a, output("low")], [b, output("low")], [c, output("high")]);
      await driver.write([
        { line: a, level: "high" },
        { line: c, level: "low" },
      ]);
      expect(await levels(a, b, c)).toEqual(["high", "low", "low"]);
    });

    it("end with the last of several levels for one line", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("low")], [b, output("low")]);
      await driver.write([
        { line: a, level: "high" },
        { line: b, level: "high" },
        { line: a, level: "low" },
      ]);
      expect(await levels(a, b)).toEqual(["low", "high"]);
    });

    it("are written together whether or not they were set up in one call", async () => {
      const { driver, a, b, c } = bench;
      await configure([a, output("low")], [c, output("low")]);
      await configure([b, output("low")]);
      await driver.write([a, b, c].map((line) => ({ line, level: "high" })));
      expect(await levels(a, b, c)).toEqual(["high", "high", "high"]);
    });

    it("swap levels when they are active low", async () => {
      const { driver, a } = bench;
      await configure([a, output("high", { activeLow: true })]);
      expect(await levels(a)).toEqual(["low"]);
      expect(await driver.read([a])).toEqual(["high"]);
      await driver.write([{ line: a, level: "low" }]);
      expect(await levels(a)).toEqual(["high"]);
    });

    it(
      "with an open drain pull down, and let go for high",
      needs("openDrain", async () => {
        const { driver, a } = bench;
        await move(a, "high");
        await configure([a, output("low", { drive: "open-drain" })]);
        expect(await levels(a)).toEqual(["low"]);
        await driver.write([{ line: a, level: "high" }]);
        await move(a, "high");
        expect(await levels(a)).toEqual(["high"]);
        await move(a, "low");
        expect(await levels(a)).toEqual(["low"]);
      }),
    );

    it(
      "with an open source pull up, and let go for low",
      needs("openSource", async () => {
        const { driver, a } = bench;
        await move(a, "low");
        await configure([a, output("high", { drive: "open-source" })]);
        expect(await levels(a)).toEqual(["high"]);
        await driver.write([{ line: a, level: "low" }]);
        await move(a, "low");
        expect(await levels(a)).toEqual(["low"]);
        await move(a, "high");
        expect(await levels(a)).toEqual(["high"]);
      }),
    );
  });
}
