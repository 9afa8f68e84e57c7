import { describe, expect, it } from "vitest";
import { changeOf, headerPinOf, viewOf } from "./pin-samples.ts";
import { signalOf } from "./pin-signal.ts";
import { placeState } from "./place-state.ts";

const view = viewOf({ name: "pump" });

describe("placeState", () => {
  it.each([
    ["3.3 V", headerPinOf({ kind: "3v3", gpio: null }), "power3", ""],
    ["ground", headerPinOf({ kind: "ground", gpio: null }), "ground", ""],
    ["a free pin", headerPinOf({}), "free", ""],
    ["a pin of a bus that is on", headerPinOf({ bus: "i2c-1" }), "bus", "i2c-1"],
    ["a pin for the board", headerPinOf({ reservedFor: "the ID EEPROM" }), "reserved", "board"],
    ["one held by somebody whom one may not see", headerPinOf({ reservation: view.id }), "held", "held"],
  ])("shows %s", (_, pin, look, note) => {
    expect(placeState(pin, null, false, null)).toMatchObject({ look, note, sign: "", said: "" });
  });

  it("says whose a pin is, by word as well as by look", () => {
    expect(placeState(headerPinOf({}), view, true, null)).toMatchObject({
      look: "mine",
      note: "yours: pump",
    });
    expect(placeState(headerPinOf({}), view, false, null)).toMatchObject({ look: "held", note: "ann: pump" });
  });

  it("shows a level by a sign and says it", () => {
    const signal = signalOf(view, changeOf({}), false);
    expect(placeState(headerPinOf({}), view, true, signal)).toMatchObject({
      sign: "H",
      level: "high",
      said: "high",
    });
  });

  it("never draws the last level of an owner that does not answer as if it were now", () => {
    const signal = signalOf(view, changeOf({}), true);
    expect(placeState(headerPinOf({}), view, true, signal)).toMatchObject({
      sign: "?",
      level: null,
      said: "unknown, last high",
    });
  });
});
