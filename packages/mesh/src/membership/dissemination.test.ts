import { describe, expect, it } from "vitest";
import { Dissemination } from "./dissemination.ts";
import type { MemberUpdate } from "./member.ts";

const alive = (id: string, incarnation = 0): MemberUpdate => ({
  id,
  state: "alive",
  bootEpoch: 1,
  incarnation,
  signature: "",
});

describe("Dissemination", () => {
  it("passes news on a number of times that grows with the logarithm of the mesh", () => {
    const times = (members: number) => {
      const news = new Dissemination();
      news.add(alive("member-a"));
      let count = 0;
      while (news.take(8, members).length > 0) count++;
      return count;
    };
    expect(times(1_000)).toBeGreaterThan(times(10));
    expect(times(1_000)).toBeLessThan(3 * times(10));
  });

  it("passes on first what was passed on least, no more than fits", () => {
    const news = new Dissemination();
    for (const id of ["a", "b", "c"]) news.add(alive(id));
    expect(news.take(2, 10).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(news.take(2, 10).map(({ id }) => id)).toEqual(["c", "a"]);
  });

  it("passes on what probably everybody knows a few times, after what is news", () => {
    const news = new Dissemination();
    news.addCommon(alive("a"), 1_000);
    news.add(alive("b"));
    expect(news.take(1, 1_000)).toEqual([alive("b")]);
    let times = 0;
    for (let taken = news.take(8, 1_000); taken.length > 0; taken = news.take(8, 1_000)) {
      if (taken.some(({ id }) => id === "a")) times++;
    }
    expect(times).toBe(2);
  });

  it("keeps only the latest news of a member", () => {
    const news = new Dissemination();
    news.add(alive("a"));
    news.take(1, 10);
    news.add(alive("a", 1));
    expect(news.take(8, 10)).toEqual([alive("a", 1)]);
  });
});
