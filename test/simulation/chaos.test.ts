import { describe, expect, it } from "vitest";
import { Chaos } from "./chaos.ts";

const MACHINES = 20;
const CHAOS_MS = 6 * 60_000;
const SETTLE_MS = 2 * 60_000;
/** `SIMULATION_SEED=7` repeats one run. */
const { SIMULATION_SEED } = process.env;
const seeds = SIMULATION_SEED === undefined ? [1, 2] : [Number(SIMULATION_SEED)];

describe("A mesh whose machines die and start again, on links that lose messages and are cut", () => {
  it.each(seeds)(
    "agrees about everything once that ends, and has lost no acknowledged write (seed %i)",
    async (seed) => {
      const chaos = new Chaos({ seed, machines: MACHINES });
      expect(await chaos.begin(SETTLE_MS)).toEqual([]);
      await chaos.happen(CHAOS_MS);
      await chaos.heal();
      const left = await chaos.settle(SETTLE_MS);
      const found = { seed, left: left.slice(0, 20), wrong: chaos.wrong.slice(0, 20) };
      expect(found, chaos.story.join("\n")).toEqual({ seed, left: [], wrong: [] });
      expect(chaos.writes.acknowledgedCount).toBeGreaterThan(500);
    },
  );
});
