import type { EmergencyStop, StopList } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { isStopped, standingStops, stopAnnouncement, stopCause } from "./standing-stops.ts";

const stopAt = (id: string, minute: number, changes: Partial<EmergencyStop> = {}): EmergencyStop => ({
  id,
  cause: "user",
  by: "ann",
  reason: "",
  since: `2026-11-21T05:0${minute}:00.000Z`,
  ...changes,
});
const list: StopList = {
  mesh: [stopAt("m2", 4), stopAt("m1", 3)],
  nodes: [
    { node: "12D3KooWtest0002", nodeName: "pi-b", stops: [stopAt("b", 2, { cause: "under-voltage" })] },
    { node: "12D3KooWtest0001", nodeName: "pi-a", stops: [stopAt("a", 1, { reason: "smoke" })] },
  ],
  unconfirmed: [],
};

describe("standingStops", () => {
  it("has those of all nodes first, then the oldest", () => {
    expect(standingStops(list).map(({ id }) => id)).toEqual(["m1", "m2", "a", "b"]);
  });
});

describe("isStopped", () => {
  it("is true of every node while all are stopped, otherwise of those that are", () => {
    expect(isStopped(list, "12D3KooWtest0009")).toBe(true);
    const single = { ...list, mesh: [] };
    expect(isStopped(single, "12D3KooWtest0009")).toBe(false);
    expect(isStopped(single, "12D3KooWtest0002")).toBe(true);
  });
});

describe("stopCause", () => {
  it("names the person, or what went wrong", () => {
    const causes = (["user", "under-voltage", "over-temperature"] as const).map((cause) =>
      stopCause({ cause, by: "ann" }),
    );
    expect(causes).toEqual(["ann", "low voltage", "heat"]);
  });
});

describe("stopAnnouncement", () => {
  it("tells each stop with its reason, and nothing when none stands", () => {
    expect(stopAnnouncement(standingStops({ ...list, mesh: [] }))).toBe(
      "Emergency stop of pi-a by ann: smoke. Emergency stop of pi-b by low voltage.",
    );
    expect(stopAnnouncement([])).toBe("");
  });
});
