import { seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { answerDelayMs, questionDelayMs } from "./mdns-schedule.ts";

const middle = { next: () => 0.5 };

describe("answerDelayMs", () => {
  it("is short and random, and keeps a second between answers", () => {
    const random = seededRandom(1);
    for (let round = 0; round < 100; round++) {
      const delayMs = answerDelayMs(Number.POSITIVE_INFINITY, random, 10);
      expect(delayMs).toBeGreaterThanOrEqual(20);
      expect(delayMs).toBeLessThanOrEqual(120);
    }
    expect(answerDelayMs(300, middle, 10)).toBe(700);
    expect(answerDelayMs(Number.POSITIVE_INFINITY, middle, 1_000)).toBe(5_020);
  });
});

describe("questionDelayMs", () => {
  it("begins soon and then waits twice as long each time, up to half a minute", () => {
    const delaysMs = [0, 1, 2, 3, 4, 5, 6, 7].map((asked) => questionDelayMs(asked, 0, middle));
    expect(delaysMs).toEqual([50, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("asks less often the more peers are known, so that all their answers stay a fixed load", () => {
    const answersASecond = (peers: number) => peers / (questionDelayMs(50, peers, middle) / 1_000);
    expect(answersASecond(10)).toBeLessThan(1);
    expect(answersASecond(100)).toBeLessThan(1);
    expect(answersASecond(1_000)).toBeLessThan(2);
  });
});
