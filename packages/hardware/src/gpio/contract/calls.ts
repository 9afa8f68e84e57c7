import { describe, expect, it } from "vitest";
import { type GpioBench, input, output } from "./gpio-bench.ts";

/** What calls mean that come at once, late or again. */
export function describeCalls(bench: GpioBench): void {
  const { configure, levels, seenSoFar, move, soon, needs } = bench;

  describe("calls", () => {
    it("take effect in the order in which they were made", async () => {
      const { driver, a, b } = bench;
      const calls: Promise<unknown>[] = [configure([a, output("low")], [b, output("low")])];
      for (let call = 0; call < 20; call++) {
        calls.push(driver.write([{ line: a, level: call % 2 === 0 ? "high" : "low" }]));
      }
      calls.push(driver.write([{ line: b, level: "high" }]), configure([b, output("low")]));
      await Promise.all(calls);
      expect(await levels(a, b)).toEqual(["low", "low"]);
    });

    it("have no effect once a line was released before them", async () => {
      const { driver, a } = bench;
      await configure([a, output("low")]);
      const release = driver.release(a, "input");
      await expect(driver.write([{ line: a, level: "high" }])).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
      });
      await release;
    });
  });

  describe("stopping", () => {
    it("lets go of everything, and a second start works", async () => {
      const { driver, a, b } = bench;
      await configure([a, output("high")], [b, input({ edges: driver.features.edges ? "both" : "none" })]);
      await driver.stop();
      await driver.stop();
      await expect(driver.read([a])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await expect(configure([a, output("high")])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await driver.start(AbortSignal.timeout(10_000));
      await configure([a, output("low")], [b, output("high")]);
      expect(await levels(a, b)).toEqual(["low", "high"]);
    });

    it(
      "ends the telling of edges, which goes on after a second start",
      needs("edges", async () => {
        const { driver, a, seen } = bench;
        await move(a, "low");
        await configure([a, input({ edges: "both" })]);
        await driver.stop();
        await move(a, "high");
        await driver.start(AbortSignal.timeout(10_000));
        await configure([a, input({ edges: "both" })]);
        await move(a, "low");
        await soon(() => seen.length).toBe(1);
        expect(seenSoFar()).toEqual([`${a} low`]);
      }),
    );
  });
}
