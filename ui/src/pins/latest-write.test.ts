import { describe, expect, it } from "vitest";
import { LatestWrite } from "./latest-write.ts";

describe("LatestWrite", () => {
  it("makes one write at a time, and of those that wait the newest alone", async () => {
    const made: number[] = [];
    const answers: (() => void)[] = [];
    const writer = new LatestWrite<number>((value) => {
      made.push(value);
      return new Promise((resolve) => answers.push(resolve));
    });
    const done = [1, 2, 3, 4].map((value) => writer.want(value));
    expect(made).toEqual([1]);
    answers[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toEqual([1, 4]);
    answers[1]?.();
    await Promise.all(done);
    const again = writer.want(5);
    answers[2]?.();
    await again;
    expect(made).toEqual([1, 4, 5]);
  });
});
