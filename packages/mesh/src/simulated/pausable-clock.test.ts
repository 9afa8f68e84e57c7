import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { PausableClock } from "./pausable-clock.ts";

describe("PausableClock", () => {
  it("does on resume first what fell due, then what arrived, and promises settle between", async () => {
    const clock = new VirtualClock();
    const process = new PausableClock(clock);
    const done: string[] = [];
    const later = (text: string) => () => {
      done.push(text);
      void Promise.resolve().then(() => done.push(`after ${text}`));
    };
    process.pause();
    process.whenRunning(later("message"));
    process.setTimer(later("second timer"), 20);
    process.setTimer(later("first timer"), 10);
    await clock.advance(100);
    expect(done).toEqual([]);
    process.resume();
    // What comes while it catches up waits its turn.
    process.whenRunning(later("late message"));
    await clock.advance(0);
    expect(done).toEqual(
      ["first timer", "second timer", "message", "late message"].flatMap((text) => [text, `after ${text}`]),
    );
  });

  it("stops again in the middle of catching up, and goes on where it was", async () => {
    const clock = new VirtualClock();
    const process = new PausableClock(clock);
    const done: string[] = [];
    process.pause();
    process.whenRunning(() => {
      done.push("first");
      process.pause();
    });
    process.whenRunning(() => done.push("second"));
    process.resume();
    await clock.advance(100);
    expect(done).toEqual(["first"]);
    process.resume();
    await clock.advance(0);
    expect(done).toEqual(["first", "second"]);
    process.whenRunning(() => done.push("third"));
    expect(done).toHaveLength(3);
  });

  it("forgets all that waited when it is killed, also by itself", async () => {
    const clock = new VirtualClock();
    const process = new PausableClock(clock);
    const done: string[] = [];
    process.pause();
    process.whenRunning(() => process.kill());
    process.whenRunning(() => done.push("message of a dead process"));
    process.setTimer(() => done.push("timer"), 1_000);
    process.resume();
    process.setTimer(() => done.push("another timer"), 10);
    await clock.advance(5_000);
    expect([done, process.waiting]).toEqual([[], 0]);
    process.setTimer(() => done.push("timer set after the end"), 10);
    await clock.advance(100);
    expect(done).toEqual([]);
  });

  it("does not fire what is cancelled while it stands still", async () => {
    const clock = new VirtualClock();
    const process = new PausableClock(clock);
    const done: string[] = [];
    const timer = process.setTimer(() => done.push("cancelled"), 10);
    process.pause();
    await clock.advance(100);
    timer.cancel();
    process.resume();
    await clock.advance(100);
    expect(done).toEqual([]);
  });
});
