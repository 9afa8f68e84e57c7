import { describe, expect, it } from "vitest";
import { type GpioBench, input, output } from "./gpio-bench.ts";

/** What inputs do, but for telling of changes. */
export function describeInputs(bench: GpioBench): void {
  const { configure, levels, move, needs } = bench;

  describe("inputs", () => {
    it("read what is on their wires, in the order asked for", async () => {
      const { driver, a, b } = bench;
      await configure([a, input()], [b, input()]);
      await move(a, "high");
      await move(b, "low");
      expect(await driver.read([a, b])).toEqual(["high", "low"]);
      expect(await driver.read([b, a, b])).toEqual(["low", "high", "low"]);
      await move(a, "low");
      expect(await driver.read([a])).toEqual(["low"]);
    });

    it("swap levels when they are active low", async () => {
      const { driver, a } = bench;
      await configure([a, input({ activeLow: true })]);
      await move(a, "high");
      expect(await driver.read([a])).toEqual(["low"]);
    });

    it(
      "are pulled up or down when nobody drives them",
      needs("pulls", async () => {
        const { driver, a, subject } = bench;
        await subject.drive(a, null);
        await configure([a, input({ pull: "up" })]);
        expect(await driver.read([a])).toEqual(["high"]);
        await configure([a, input({ pull: "down" })]);
        expect(await driver.read([a])).toEqual(["low"]);
      }),
    );

    it("cannot be written", async () => {
      const { driver, a, b } = bench;
      await configure([a, input()], [b, output("low")]);
      const write = driver.write([
        { line: b, level: "high" },
        { line: a, level: "high" },
      ]);
      await expect(write).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(`GPIO${a}`),
      });
      expect(await levels(b)).toEqual(["low"]);
    });
  });
}
