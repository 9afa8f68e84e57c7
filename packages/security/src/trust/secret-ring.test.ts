import { describe, expect, it } from "vitest";
import { testSeed } from "../crypto/testing.ts";
import {
  diallingOrder,
  inOrder,
  isContested,
  MAX_RING,
  type NamedSecret,
  named,
  ringOf,
} from "./secret-ring.ts";

const secretOf = (epoch: number, of = "") => named({ epoch, secret: testSeed(`secret ${epoch}${of}`) });
const epochs = (secrets: readonly NamedSecret[]) => secrets.map(({ epoch }) => epoch);
const [first, second, third] = [secretOf(1), secretOf(2), secretOf(3)];
const all = [first, third, second];

describe("ringOf", () => {
  it("keeps what the member needs who is furthest behind", () => {
    const acknowledged = (a: NamedSecret, b?: NamedSecret) =>
      new Map(
        b === undefined
          ? [["a", a]]
          : [
              ["a", a],
              ["b", b],
            ],
      );
    expect(epochs(ringOf(all, ["a", "b"], acknowledged(third, second)))).toEqual([3, 2]);
    expect(epochs(ringOf(all, ["a", "b"], acknowledged(third, third)))).toEqual([3]);
    expect(epochs(ringOf(all, ["a", "b"], acknowledged(third)))).toEqual([3, 2, 1]);
    expect(epochs(ringOf(all, ["a"], acknowledged(secretOf(4))))).toEqual([3]);
    expect(epochs(ringOf(all, [], new Map()))).toEqual([3]);
    expect(ringOf([], ["a"], new Map())).toEqual([]);
  });

  it("keeps what both sides of a partition share, when each has begun an epoch of its own", () => {
    const [one, other] = inOrder([secretOf(2, "x"), secretOf(2, "y")]) as [NamedSecret, NamedSecret];
    expect(ringOf([first, one], ["a"], new Map([["a", other]]))).toEqual([one, first]);
    expect(ringOf([first, other], ["a"], new Map([["a", one]]))).toEqual([other, first]);
    expect(ringOf([first, one, other], ["a"], new Map([["a", other]]))).toEqual([one, other]);
    expect(ringOf([first, one, other], ["a"], new Map([["a", one]]))).toEqual([one]);
  });

  it("is bounded, whoever never comes back", () => {
    const many = Array.from({ length: 100 }, (_, index) => secretOf(index + 1));
    expect(epochs(ringOf(many, ["a"], new Map()))).toEqual(
      Array.from({ length: MAX_RING }, (_, i) => 100 - i),
    );
  });
});

describe("diallingOrder", () => {
  it("begins with the secret that the peer surely has, and tries the newer ones after it", () => {
    const ring = inOrder(all);
    expect(epochs(diallingOrder(ring, third))).toEqual([3]);
    expect(epochs(diallingOrder(ring, second))).toEqual([2, 3]);
    expect(epochs(diallingOrder(ring, undefined))).toEqual([1, 2, 3]);
    expect(epochs(diallingOrder(ring, secretOf(7)))).toEqual([3]);
    expect(epochs(diallingOrder(ring, secretOf(3, "other")))).toEqual([1, 2, 3]);
    expect(diallingOrder([], undefined)).toEqual([]);
  });
});

describe("isContested", () => {
  it("tells that members have different secrets of the newest epoch", () => {
    expect(
      isContested(
        [second, first],
        new Map([
          ["a", second],
          ["b", first],
        ]),
      ),
    ).toBe(false);
    expect(isContested([second, first], new Map([["a", secretOf(2, "other")]]))).toBe(true);
    expect(isContested([], new Map([["a", second]]))).toBe(false);
  });
});
