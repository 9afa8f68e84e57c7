import { describe, expect, it } from "vitest";
import { testSeed } from "../crypto/testing.ts";
import { diallingOrder, MAX_RING, ringOf } from "./secret-ring.ts";

const secretOf = (epoch: number) => ({ epoch, secret: testSeed(`secret ${epoch}`) });
const epochs = (secrets: readonly { readonly epoch: number }[]) => secrets.map(({ epoch }) => epoch);

describe("ringOf", () => {
  const all = [1, 2, 3].map(secretOf);

  it("keeps what the member needs who is furthest behind", () => {
    expect(
      epochs(
        ringOf(
          all,
          ["a", "b"],
          new Map([
            ["a", 3],
            ["b", 2],
          ]),
        ),
      ),
    ).toEqual([3, 2]);
    expect(
      epochs(
        ringOf(
          all,
          ["a", "b"],
          new Map([
            ["a", 3],
            ["b", 3],
          ]),
        ),
      ),
    ).toEqual([3]);
    expect(epochs(ringOf(all, ["a", "b"], new Map([["a", 3]])))).toEqual([3, 2, 1]);
    expect(epochs(ringOf(all, [], new Map()))).toEqual([3]);
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
    const ring = [3, 2, 1].map(secretOf);
    expect(epochs(diallingOrder(ring, 3))).toEqual([3]);
    expect(epochs(diallingOrder(ring, 2))).toEqual([2, 3]);
    expect(epochs(diallingOrder(ring, undefined))).toEqual([1, 2, 3]);
    expect(epochs(diallingOrder(ring, 7))).toEqual([3]);
    expect(diallingOrder([], undefined)).toEqual([]);
  });
});
