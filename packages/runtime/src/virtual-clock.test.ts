import { describe, expect, it } from "vitest";
import { repeat, sleep } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("fires timers in the order they fall due, those due together in the order set", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimer(() => fired.push("late"), 20);
    clock.setTimer(() => fired.push("early"), 10);
    clock.setTimer(() => fired.push("early too"), 10);
    await clock.advance(15);
    expect(fired).toEqual(["early", "early too"]);
    await clock.advance(5);
    expect(fired).toEqual(["early", "early too", "late"]);
  });

  it("does not fire a cancelled timer", async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock
      .setTimer(() => {
        fired = true;
      }, 1)
      .cancel();
    await clock.advance(10);
    expect(fired).toBe(false);
  });

  it("moves the wall clock with time, and leaves durations alone when it jumps", async () => {
    const clock = new VirtualClock(1_000);
    await clock.advance(50);
    expect([clock.now(), clock.monotonic()]).toEqual([1_050, 50]);
    clock.jumpTo(9_000_000);
    await clock.advance(50);
    expect([clock.now(), clock.monotonic()]).toEqual([9_000_050, 100]);
  });
});

describe("sleep", () => {
  it("rejects with the signal's reason when that aborts first", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 1_000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
  });
});

describe("repeat", () => {
  it("waits the interval after each call has ended, reports errors and goes on", async () => {
    const clock = new VirtualClock();
    const errors: unknown[] = [];
    const calledAtMs: number[] = [];
    const timer = repeat(
      clock,
      () => 100,
      async () => {
        calledAtMs.push(clock.monotonic());
        await sleep(clock, 50);
        throw new Error("once more");
      },
      (error) => errors.push(error),
    );
    await clock.advance(400);
    timer.cancel();
    await clock.advance(1_000);
    expect(calledAtMs).toEqual([100, 250, 400]);
    expect(errors).toHaveLength(3);
  });
});
