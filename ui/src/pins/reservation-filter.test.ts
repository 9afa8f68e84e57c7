import { describe, expect, it } from "vitest";
import { viewOf } from "./pin-samples.ts";
import { parseReservationFilter, reservationQuery, sortReservations } from "./reservation-filter.ts";

describe("parseReservationFilter", () => {
  it("reads what an address bar names, and leaves out what is no state", () => {
    const filter = parseReservationFilter(new URLSearchParams("node=12D3KooW&state=nonsense"));
    expect(filter).toEqual({ node: "12D3KooW", namespace: "", state: "" });
    expect(reservationQuery(filter)).toEqual({ node: "12D3KooW" });
    expect(reservationQuery({ ...filter, state: "waiting", namespace: "garden" })).toEqual({
      node: "12D3KooW",
      namespace: "garden",
      state: "waiting",
    });
  });
});

describe("sortReservations", () => {
  it("goes by node, by pin as people count, and by place in line", () => {
    const views = [
      viewOf({ nodeName: "pi-b", resource: "GPIO4" }),
      viewOf({ resource: "GPIO22", state: "waiting", position: 1 }),
      viewOf({ resource: "GPIO22" }),
      viewOf({ resource: "GPIO4" }),
    ];
    const sorted = sortReservations(views);
    expect(sorted.map(({ nodeName, resource, position }) => `${nodeName} ${resource} ${position}`)).toEqual([
      "pi-a GPIO4 null",
      "pi-a GPIO22 null",
      "pi-a GPIO22 1",
      "pi-b GPIO4 null",
    ]);
  });
});
