import { describe, expect, it } from "vitest";
import { type GpioBench, input, output } from "./gpio-bench.ts";

const NO_SUCH_LINE = 300;

/** How lines are taken, set up anew and let go of. */
export function describeLines(bench: GpioBench, { areExclusive }: { readonly areExclusive: boolean }): void {
  const { configure, levels, move } = bench;

  describe("lines", () => {
    it("are set up anew as often as asked", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("high")], [b, output("high")]);
      await configure([a, input()]);
      await move(a, "low");
      expect(await driver.read([a])).toEqual(["low"]);
      await configure([a, output("low", { activeLow: true })], [b, output("low")]);
      expect(await levels(a, b)).toEqual(["high", "low"]);
      await driver.write([{ line: b, level: "high" }]);
      expect(await levels(a, b)).toEqual(["high", "high"]);
    });

    it("stay as they are when others that were set up with them are set up anew or let go of", async () => {
      const { driver, a, b, c, d } = bench;
      await configure([a, output("high")], [b, output("high")], [c, output("high")], [d, output("high")]);
      await driver.release(a, "input");
      await configure([b, input()]);
      expect(await levels(c, d)).toEqual(["high", "high"]);
      await driver.write([{ line: c, level: "low" }]);
      expect(await levels(c, d)).toEqual(["low", "high"]);
    });

    it("follow their wires again when they are released as inputs", async () => {
      const { driver, a } = bench;
      await configure([a, output("high")]);
      await driver.release(a, "input");
      await move(a, "low");
      expect(await levels(a)).toEqual(["low"]);
      await move(a, "high");
      expect(await levels(a)).toEqual(["high"]);
    });

    it("can be had again after a release, and released when nobody has them", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("high")]);
      await driver.release(a, "as-is");
      await driver.release(a, "as-is");
      await driver.release(b, "input");
      await expect(driver.read([a])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await configure([a, output("low")]);
      expect(await levels(a)).toEqual(["low"]);
    });

    it("that are not set up can be neither read nor written", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("low")]);
      const refused = {
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`GPIO${b}`),
      };
      await expect(driver.read([a, b])).rejects.toMatchObject(refused);
      const write = driver.write([
        { line: a, level: "high" },
        { line: b, level: "high" },
      ]);
      await expect(write).rejects.toMatchObject(refused);
      expect(await levels(a)).toEqual(["low"]);
    });

    it("that do not exist are out of range, and keep the others from being set up", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("high")]);
      const change = configure([a, output("low")], [b, output("high")], [NO_SUCH_LINE, input()]);
      await expect(change).rejects.toMatchObject({
        code: "OUT_OF_RANGE",
        message: expect.stringContaining(`GPIO${NO_SUCH_LINE}`),
      });
      expect(await levels(a)).toEqual(["high"]);
      await expect(driver.read([b])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    });

    if (!areExclusive) return;
    it("that another program has are refused by its name, and keep the others from being set up", async () => {
      const { driver, a, b, c, subject } = bench;
      const other = await subject.takeElsewhere?.(c);
      if (other === undefined) throw new Error("The contract needs another program");
      await configure([a, output("high")]);
      const change = configure([a, output("low")], [b, output("high")], [c, input()]);
      await expect(change).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(new RegExp(`GPIO${c}\\b.*${other.consumer}`)),
      });
      expect(await levels(a)).toEqual(["high"]);
      await expect(driver.read([b])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await other.release();
      await configure([c, output("high")]);
      expect(await levels(c)).toEqual(["high"]);
    });
  });
}
