import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";

describe("RateLimiter", () => {
  it("grants a burst, then the rate, and says when to come again", () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 3, maxSenders: 10 });
    expect([limiter.take("a", 0), limiter.take("a", 0), limiter.take("a", 0)]).toEqual([0, 0, 0]);
    expect(limiter.take("a", 0)).toBe(100);
    expect(limiter.take("a", 50)).toBe(50);
    expect(limiter.take("a", 100)).toBe(0);
    expect(limiter.take("b", 100)).toBe(0);
  });

  it("never saves up more than a burst", () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 2, maxSenders: 10 });
    limiter.take("a", 0);
    const granted = [1, 2, 3].map(() => limiter.take("a", 1e9) === 0);
    expect(granted).toEqual([true, true, false]);
  });

  it("is refilled also when asked all the time", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, maxSenders: 10 });
    const granted = Array.from({ length: 100 }, (_, tenth) => limiter.take("a", tenth * 100) === 0);
    expect(granted.filter(Boolean).length).toBeGreaterThanOrEqual(9);
    expect(granted.filter(Boolean).length).toBeLessThanOrEqual(11);
  });

  it("remembers a bounded number of senders, those that came last", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, maxSenders: 2 });
    for (const sender of ["a", "b", "a", "c"]) limiter.take(sender, 0);
    expect(limiter.size).toBe(2);
    expect(limiter.take("a", 0)).toBeGreaterThan(0);
  });
});
