import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";
import { pick, seededRandom, shuffle } from "./random.ts";

describe("seededRandom", () => {
  it("repeats itself for the same seed and differs for another", () => {
    const numbers = (seed: number) => {
      const random = seededRandom(seed);
      return [random.next(), random.next(), random.next()];
    };
    expect(numbers(7)).toEqual(numbers(7));
    expect(numbers(7)).not.toEqual(numbers(8));
  });

  it("spreads over [0, 1)", () => {
    const random = seededRandom(1);
    const tenths = new Set(Array.from({ length: 1_000 }, () => Math.floor(random.next() * 10)));
    expect([...tenths].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("shuffle and pick", () => {
  it("keep every item", () => {
    const random = seededRandom(3);
    expect(shuffle(random, [1, 2, 3, 4, 5]).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(pick(random, [])).toBeUndefined();
    expect([1, 2]).toContain(pick(random, [1, 2]));
  });
});

describe("backoffMs", () => {
  it("doubles up to the maximum and stays within the jitter", () => {
    const options = { initialMs: 100, maximumMs: 1_000, jitterFraction: 0.2 };
    const still = { next: () => 0.5 };
    expect([1, 2, 3, 4, 5, 60].map((failures) => backoffMs(failures, options, still))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    const random = seededRandom(11);
    for (let failures = 1; failures < 100; failures++) {
      const waitMs = backoffMs(failures, options, random);
      expect(waitMs).toBeGreaterThanOrEqual(80);
      expect(waitMs).toBeLessThanOrEqual(1_200);
    }
  });
});
