import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { LogLimiter } from "./log-limiter.ts";
import { SenderLimits } from "./token-bucket.ts";

describe("SenderLimits", () => {
  it("lets a burst through, then as many as are refilled, each sender by itself", async () => {
    const clock = new VirtualClock();
    const limits = new SenderLimits(clock, { capacity: 3, tokensPerSecond: 2, maxSenders: 10 });
    const take = (count: number) => Array.from({ length: count }, () => limits.allow("peer-aaaa"));
    expect(take(5)).toEqual([true, true, true, false, false]);
    expect(limits.allow("peer-bbbb")).toBe(true);
    await clock.advance(1_000);
    expect(take(3)).toEqual([true, true, false]);
    await clock.advance(3_600_000);
    expect(take(4)).toEqual([true, true, true, false]);
  });

  it("is refilled also when asked all the time", async () => {
    const clock = new VirtualClock();
    const limits = new SenderLimits(clock, { capacity: 1, tokensPerSecond: 1, maxSenders: 10 });
    let allowed = 0;
    for (let tenth = 0; tenth < 100; tenth++) {
      if (limits.allow("peer-aaaa")) allowed++;
      await clock.advance(100);
    }
    expect(allowed).toBeGreaterThanOrEqual(9);
    expect(allowed).toBeLessThanOrEqual(11);
  });

  it("forgets the sender that was silent for longest", () => {
    const limits = new SenderLimits(new VirtualClock(), { capacity: 1, tokensPerSecond: 1, maxSenders: 2 });
    for (const sender of ["one", "two", "one", "three"]) limits.allow(sender);
    expect([limits.allow("one"), limits.allow("two")]).toEqual([false, true]);
  });
});

describe("LogLimiter", () => {
  it("lets one message of a kind through per period, with how many were left out", async () => {
    const clock = new VirtualClock();
    const limiter = new LogLimiter(clock, 60_000);
    const logged: string[] = [];
    const log = (kind: string) =>
      limiter.limit(kind, (suppressed) => void logged.push(`${kind} ${suppressed}`));
    for (const kind of ["a", "a", "b", "a"]) log(kind);
    await clock.advance(60_000);
    log("a");
    expect(logged).toEqual(["a 0", "b 0", "a 2"]);
  });
});
