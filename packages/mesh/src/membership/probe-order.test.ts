import { seededRandom } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { ProbeOrder } from "./probe-order.ts";

const IDS = Array.from({ length: 10 }, (_, index) => `member-${index}`);

describe("ProbeOrder", () => {
  it("gives everyone one turn a round, in another order each time", () => {
    const order = new ProbeOrder(seededRandom(5));
    const round = () =>
      IDS.map(() =>
        order.take(
          () => IDS,
          () => true,
        ),
      );
    const first = round();
    const second = round();
    expect(new Set(first)).toEqual(new Set(IDS));
    expect(new Set(second)).toEqual(new Set(IDS));
    expect(second).not.toEqual(first);
  });

  it("gives a newcomer its turn in the round that goes on", () => {
    const order = new ProbeOrder(seededRandom(6));
    order.take(
      () => IDS,
      () => true,
    );
    order.add("newcomer");
    const rest = IDS.map(() =>
      order.take(
        () => IDS,
        () => true,
      ),
    );
    expect(rest).toContain("newcomer");
  });

  it("leaves out who is not eligible, and says so when nobody is", () => {
    const order = new ProbeOrder(seededRandom(7));
    expect(
      order.take(
        () => IDS,
        (id) => id === "member-3",
      ),
    ).toBe("member-3");
    expect(
      order.take(
        () => IDS,
        () => false,
      ),
    ).toBeUndefined();
  });

  it("samples different members without taking their turns", () => {
    const order = new ProbeOrder(seededRandom(8));
    const many = Array.from({ length: 100 }, (_, index) => `member-${index}`);
    order.take(
      () => many,
      () => true,
    );
    for (let tries = 0; tries < 50; tries++) {
      const sample = order.sample(3, (id) => id !== "member-0");
      expect(new Set(sample).size).toBe(3);
      expect(sample).not.toContain("member-0");
    }
  });
});
