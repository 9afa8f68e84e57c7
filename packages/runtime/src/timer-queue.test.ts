import { describe, expect, it } from "vitest";
import { randomInteger, seededRandom } from "./random.ts";
import { type Due, TimerQueue } from "./timer-queue.ts";

const ROUNDS = 20_000;

describe("TimerQueue", () => {
  it.each([1, 2, 3])(
    "gives out what a sorted list would, whatever is cancelled meanwhile (seed %i)",
    (seed) => {
      const random = seededRandom(seed);
      const queue = new TimerQueue<Due>();
      let waiting: Due[] = [];
      let nowMs = 0;
      for (let order = 0; order < ROUNDS; order++) {
        const dueMs = nowMs + randomInteger(random, 50);
        const item: Due = { dueMs, order, isCancelled: false };
        queue.add(item);
        waiting.push(item);
        const other = waiting[randomInteger(random, waiting.length)];
        // Most are cancelled, so that the sweep runs.
        if (other !== undefined && random.next() < 0.8) {
          queue.cancel(other);
          queue.cancel(other);
          waiting = waiting.filter((one) => one !== other);
        }
        if (order % 10 > 0) continue;
        nowMs += 1;
        const due = waiting.filter((one) => one.dueMs <= nowMs);
        const expected = due.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order);
        const taken: Due[] = [];
        for (let next = queue.take(nowMs); next !== undefined; next = queue.take(nowMs)) taken.push(next);
        expect(taken).toEqual(expected);
        waiting = waiting.filter((one) => one.dueMs > nowMs);
        expect(queue.size).toBe(waiting.length);
      }
    },
  );
});
