import { describe, expect, it } from "vitest";
import { LogLimiter } from "./log-limiter.ts";
import { VirtualClock } from "./virtual-clock.ts";

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
