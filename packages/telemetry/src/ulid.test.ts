import { seededRandom, VirtualClock } from "@pi-controller/runtime";
import { ulidSchema } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { ulidFactory } from "./ulid.ts";

describe("ulidFactory", () => {
  it("makes ids that grow, within a millisecond and when the clock steps back a little", () => {
    const clock = new VirtualClock();
    const next = ulidFactory({ clock, random: seededRandom(1) });
    const ids = Array.from({ length: 1_000 }, next);
    clock.jumpTo(clock.now() - 5_000);
    ids.push(next());
    clock.jumpTo(clock.now() + 60_000);
    ids.push(next());
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) ulidSchema.parse(id);
  });

  it("puts the time in front as the specification's example does", () => {
    const clock = new VirtualClock(1_469_918_176_385);
    expect(ulidFactory({ clock, random: seededRandom(1) })().slice(0, 10)).toBe("01ARYZ6S41");
  });

  it("follows a clock that is set back by years", () => {
    const clock = new VirtualClock(Date.UTC(2038, 0, 1));
    const next = ulidFactory({ clock, random: seededRandom(2) });
    const before = next();
    clock.jumpTo(Date.UTC(2026, 0, 1));
    expect(next() < before).toBe(true);
  });

  it("counts on into the next millisecond when the random part overflows", () => {
    const clock = new VirtualClock();
    const next = ulidFactory({ clock, random: { next: () => 1 - Number.EPSILON } });
    const [first, second] = [next(), next()];
    expect(second > first).toBe(true);
  });
});
