import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeOwn } from "./description.ts";
import { OwnerFixture } from "./owner.fixture.ts";
import { Registry } from "./registry.ts";

describe("what a node tells of its header", () => {
  let machine: OwnerFixture;
  beforeEach(async () => {
    machine = new OwnerFixture();
    await machine.begin();
  });
  afterEach(() => machine.cleanUp());

  it("is which pins carry a bus or a UART at the moment", () => {
    const hardware = { ...machine.wire.hardware(machine.hardware), uarts: ["uart-1"] };
    const asOf = "2026-01-01T00:00:00.000Z";
    const own = describeOwn({ hardware, registry: new Registry(), stops: [], boardMilliwatts: null, asOf });
    const busOf = (gpio: number) => own.header.find((place) => place.gpio === gpio)?.bus;
    expect([2, 8, 14, 15, 17].map(busOf)).toEqual(["i2c-1", "spi-0", "uart-1", "uart-1", null]);
  });
});
