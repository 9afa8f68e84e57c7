import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { Idempotency } from "./idempotency.ts";
import { asking } from "./owner.fixture.ts";

describe("repeated requests", () => {
  const make = () => {
    const clock = new VirtualClock();
    let runs = 0;
    const run = async () => ++runs;
    return { clock, run, idempotency: new Idempotency({ clock }) };
  };

  it("are done once for one user and key, each time without a key", async () => {
    const { idempotency, run } = make();
    const results = [
      idempotency.once(asking("ada", "key-00001"), { a: 1, b: 2 }, run),
      idempotency.once(asking("ada", "key-00001"), { b: 2, a: 1 }, run),
      idempotency.once(asking("bob", "key-00001"), { a: 1, b: 2 }, run),
      idempotency.once(asking("ada"), { a: 1 }, run),
      idempotency.once(asking("ada"), { a: 1 }, run),
    ];
    expect(await Promise.all(results)).toEqual([1, 1, 2, 3, 4]);
  });

  it("are another request when they ask for something else: an error", async () => {
    const { idempotency, run } = make();
    await idempotency.once(asking("ada", "key-00001"), { a: 1 }, run);
    expect(() => idempotency.once(asking("ada", "key-00001"), { a: 2 }, run)).toThrow("Idempotency-Key");
  });

  it("are done again when their result says that nothing was done", async () => {
    const { idempotency, run } = make();
    const once = () => idempotency.once(asking("ada", "key-00001"), {}, run, (count) => count > 1);
    // At the same time they are one all the same.
    expect(await Promise.all([once(), once()])).toEqual([1, 1]);
    expect([await once(), await once()]).toEqual([2, 2]);
  });

  it("are done again when they failed, or ten minutes later", async () => {
    const { idempotency, run, clock } = make();
    const fail = () => Promise.reject(new Error("no"));
    await expect(idempotency.once(asking("ada", "key-00001"), {}, fail)).rejects.toThrow("no");
    expect(await idempotency.once(asking("ada", "key-00001"), {}, run)).toBe(1);
    await clock.advance(599_999);
    expect(await idempotency.once(asking("ada", "key-00001"), {}, run)).toBe(1);
    await clock.advance(1);
    expect(await idempotency.once(asking("ada", "key-00001"), {}, run)).toBe(2);
  });
});
