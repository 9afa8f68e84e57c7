import { describe, expect, it } from "vitest";
import { asking, OwnerFixture } from "./owner.fixture.ts";

describe("what an owner tells of reservations", () => {
  it("is bounded for each tenant, and leaves stops and other tenants as they are", async () => {
    const machine = new OwnerFixture();
    await machine.begin();
    for (let round = 0; round < 300; round++) {
      await machine.release(await machine.reserve({ resource: "GPIO18", namespace: "busy" }));
    }
    const told = () => machine.told("gpio.reservation.granted");
    expect(told().length).toBeGreaterThanOrEqual(100);
    expect(told().length).toBeLessThan(110);
    expect(machine.log).toEqual([expect.stringContaining("left out")]);
    await machine.reserve({ resource: "GPIO17", namespace: "quiet" });
    expect(told().at(-1)).toMatchObject({ namespace: "quiet" });
    await machine.finish(machine.owner.stop({ reason: "" }, asking()));
    expect(machine.told("gpio.stop.set")).toHaveLength(1);
    await machine.run(10_000);
    await machine.reserve({ resource: "GPIO18", namespace: "busy", mode: { kind: "input" } });
    expect(told().at(-1)).toMatchObject({ namespace: "busy" });
    await machine.cleanUp();
  });
});
