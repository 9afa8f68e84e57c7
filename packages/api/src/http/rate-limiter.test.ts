import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";

describe("RateLimiter", () => {
  it("grants a burst, then the rate, and says when to come again", () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 3, maxAddresses: 10 });
    expect([limiter.take("a", 0), limiter.take("a", 0), limiter.take("a", 0)]).toEqual([0, 0, 0]);
    expect(limiter.take("a", 0)).toBe(100);
    expect(limiter.take("a", 50)).toBe(50);
    expect(limiter.take("a", 100)).toBe(0);
    expect(limiter.take("b", 100)).toBe(0);
  });

  it("never saves up more than a burst", () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 2, maxAddresses: 10 });
    limiter.take("a", 0);
    const granted = [1, 2, 3].map(() => limiter.take("a", 1e9) === 0);
    expect(granted).toEqual([true, true, false]);
  });

  it("remembers a bounded number of addresses, those that came last", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, maxAddresses: 2 });
    for (const address of ["a", "b", "a", "c"]) limiter.take(address, 0);
    expect(limiter.size).toBe(2);
    expect(limiter.take("a", 0)).toBeGreaterThan(0);
  });
});
