import { describe, expect, it } from "vitest";
import { HEADER_LABELS, SimulatedChip } from "./support/simulated-chip.ts";

describe("the guest's GPIO chip", () => {
  it("shows on an input's line what pulls its wire", () => {
    const chip = SimulatedChip.withLabel(HEADER_LABELS.pi4);
    chip.setPull(4, "pull-up");
    expect(chip.readValue(4)).toBe(1);
    chip.setPull(4, "pull-down");
    expect(chip.readValue(4)).toBe(0);
  });
});
