import { describe, expect, it } from "vitest";
import { headerRows, neighbour, pinName } from "./header-layout.ts";
import { headerPinOf } from "./pin-samples.ts";

/** The first six places of the header, in no order. */
const header = [
  headerPinOf({ position: 6, kind: "ground", gpio: null }),
  headerPinOf({ position: 1, kind: "3v3", gpio: null }),
  headerPinOf({ position: 2, kind: "5v", gpio: null }),
  headerPinOf({ position: 5, gpio: 3 }),
  headerPinOf({ position: 3, gpio: 2 }),
  headerPinOf({ position: 4, gpio: 99 }),
];

describe("headerRows", () => {
  it("lays odd places left and even ones right, as on the board", () => {
    expect(headerRows(header).map((row) => row.map(({ position }) => position))).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
});

describe("pinName", () => {
  it("says what is printed beside a place", () => {
    expect(header.map(pinName)).toEqual(["Ground", "3.3 V", "5 V", "GPIO3", "GPIO2", "GPIO99"]);
  });
});

describe("neighbour", () => {
  it.each([
    ["ArrowDown", 3, 5],
    ["ArrowUp", 5, 3],
    ["ArrowRight", 3, 4],
    ["ArrowLeft", 4, 3],
    ["Home", 5, 3],
    ["End", 3, 5],
  ])("leads by %s from %i to %i", (key, from, to) => {
    expect(neighbour(header, from, key)).toBe(to);
  });

  it.each([
    ["power is above", "ArrowUp", 3],
    ["the header ends below", "ArrowDown", 5],
    ["ground is beside it", "ArrowRight", 5],
    ["there is nothing left of the left column", "ArrowLeft", 3],
    ["the key is none of them", "Enter", 3],
  ])("leads nowhere where %s", (_, key, from) => {
    expect(neighbour(header, from, key)).toBeNull();
  });
});
