import { describe, expect, it } from "vitest";
import { MachineClock, type MachineClockOptions } from "./machine-clock.ts";
import { randomInteger, seededRandom } from "./random.ts";
import { VirtualClock } from "./virtual-clock.ts";

const HOUR_MS = 3_600_000;

function machineIn(options: MachineClockOptions = {}): { world: VirtualClock; clock: MachineClock } {
  const world = new VirtualClock(1_000_000);
  return { world, clock: new MachineClock({ clock: world }, options) };
}

describe("MachineClock", () => {
  it("tells the world's time when nothing else is said", async () => {
    const { world, clock } = machineIn();
    await world.advance(250);
    expect([clock.now(), clock.monotonic(), clock.uptimeMs()]).toEqual([1_000_250, 250, 250]);
  });

  it("drifts on both its clocks from where they began", async () => {
    const { world, clock } = machineIn({ rate: 1.0001, wallMs: 5_000, monotonicMs: 70_000 });
    await world.advance(HOUR_MS);
    expect(clock.monotonic()).toBeCloseTo(70_000 + HOUR_MS + 360, 3);
    expect(clock.now()).toBe(5_000 + HOUR_MS + 360);
  });

  it("fires a timer after so many of its own milliseconds", async () => {
    const { world, clock } = machineIn({ rate: 2 });
    let firedAtMs: number | undefined;
    clock.setTimer(() => {
      firedAtMs = world.monotonic();
    }, 300);
    await world.advance(149);
    expect(firedAtMs).toBeUndefined();
    await world.advance(100);
    expect(firedAtMs).toBe(150);
  });

  it("fires timers that wait by its new rate when that changes, in the order set", async () => {
    const { world, clock } = machineIn();
    const fired: string[] = [];
    clock.setTimer(() => fired.push(`first ${world.monotonic()}`), 1_000);
    clock.setTimer(() => fired.push(`second ${world.monotonic()}`), 1_000);
    clock.setTimer(() => fired.push("never"), 1_000).cancel();
    const cancelled = clock.setTimer(() => fired.push("never"), 1_000);
    await world.advance(400);
    clock.setRate(0.5);
    cancelled.cancel();
    expect(clock.monotonic()).toBe(400);
    await world.advance(2_000);
    expect(fired).toEqual(["first 1600", "second 1600"]);
    expect(clock.monotonic()).toBe(1_400);
  });

  it("never goes back and has reached a timer's time when that fires, whatever rounding does", async () => {
    const seed = 5;
    const random = seededRandom(seed);
    const { world, clock } = machineIn({ rate: 1 + 37e-6, monotonicMs: 123_456.789 });
    let latestMs = clock.monotonic();
    const late: number[] = [];
    for (let round = 0; round < 500; round++) {
      const delayMs = randomInteger(random, 10_000) / 7;
      const dueMs = clock.monotonic() + delayMs;
      clock.setTimer(() => {
        if (clock.monotonic() < dueMs || clock.monotonic() < latestMs) late.push(round);
        latestMs = clock.monotonic();
      }, delayMs);
      if (round % 50 === 49) clock.setRate(1 + (random.next() - 0.5) * 1e-3);
      await world.advance(random.next() * 500);
      if (clock.monotonic() < latestMs) late.push(round);
      latestMs = clock.monotonic();
    }
    await world.advance(10_000);
    expect(late, `seed ${seed}`).toEqual([]);
  });

  it("leaves durations alone when its wall clock jumps", async () => {
    const { world, clock } = machineIn({ rate: 2, monotonicMs: 50 });
    await world.advance(100);
    clock.jumpTo(9_000);
    await world.advance(100);
    expect([clock.now(), clock.monotonic()]).toEqual([9_200, 450]);
  });

  it("begins anew with a boot, and forgets what waited", async () => {
    const { world, clock } = machineIn({ rate: 2, monotonicMs: 5_000 });
    let fired = false;
    clock.setTimer(() => {
      fired = true;
    }, 100);
    const before = clock.bootId;
    await world.advance(10);
    clock.reboot({ wallMs: 77 });
    expect(clock.bootId).not.toBe(before);
    await world.advance(1_000);
    expect(fired).toBe(false);
    expect([clock.uptimeMs(), clock.monotonic(), clock.now()]).toEqual([2_000, 2_000, 2_077]);
  });

  it("refuses a rate at which time would not pass", () => {
    const { world, clock } = machineIn();
    expect(() => new MachineClock({ clock: world }, { rate: 0 })).toThrow(RangeError);
    expect(() => clock.setRate(Number.NaN)).toThrow(RangeError);
    expect(clock.monotonic()).toBe(0);
  });
});
