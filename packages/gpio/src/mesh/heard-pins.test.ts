import { VirtualClock } from "@pi-controller/runtime";
import { describe, expect, it } from "vitest";
import { observed } from "./exchange.fixture.ts";
import { HeardPins } from "./heard-pins.ts";

const id = "28a74bb7-01ARZ3NDEKTSV4RRFFQ69G5FAV";
const asOf = "2026-01-01T00:00:00.000Z";

describe("what was heard of a pin last", () => {
  it("is told with its age when its owner cannot be asked", async () => {
    const clock = new VirtualClock();
    const heard = new HeardPins({ clock });
    expect(heard.unknown(id, "dead")).toMatchObject({ status: "unknown", value: null });
    expect(heard.current(id, { observed, asOf }, "alive")).toMatchObject({
      status: "current",
      value: observed,
    });
    await clock.advance(5_000);
    expect(heard.unknown(id, "dead")).toMatchObject({
      status: "unknown",
      value: null,
      lastValue: observed,
      ageMs: 5_000,
    });
  });

  it("takes no more memory than faults are long that a person reads", () => {
    const heard = new HeardPins({ clock: new VirtualClock() });
    const fault = "x".repeat(1_000_000);
    const { value } = heard.current(id, { observed: { ...observed, fault }, asOf }, "alive");
    expect(value?.fault).toHaveLength(500);
    expect(heard.unknown(id, "dead").lastValue?.fault).toHaveLength(500);
  });
});
