import { describe, expect, it } from "vitest";
import { loopbackDevice, scriptedDevice, simulatedSpi } from "./simulated-spi.ts";
import { describeSpiDriverContract } from "./spi-contract.ts";
import type { SpiSettings } from "./spi-driver.ts";

const settings: SpiSettings = { mode: 0, speedHz: 1_000_000, bitsPerWord: 8 };

describeSpiDriverContract("simulated SPI", async () => ({
  driver: simulatedSpi({ devices: new Map([["0.0", loopbackDevice()]]) }),
  loopback: "0.0",
  words16: true,
}));

describe("simulated SPI", () => {
  it("has a device that answers by a script, and zeros to what it does not know", async () => {
    const flash = scriptedDevice({ "9f000000": "00ef4018" });
    const driver = simulatedSpi({ devices: new Map([["0.1", flash]]) });
    expect(await driver.transact("0.1", settings, [[0x9f, 0, 0, 0], [1]])).toEqual([
      [0x00, 0xef, 0x40, 0x18],
      [0],
    ]);
  });

  it("tells a device when its chip is selected: once for all transfers of a transaction", async () => {
    const selections: boolean[] = [];
    const device = {
      exchange(bytes: readonly number[], selected: boolean) {
        selections.push(selected);
        return bytes;
      },
    };
    const driver = simulatedSpi({ devices: new Map([["0.0", device]]) });
    await driver.transact("0.0", settings, [[1], [2]]);
    await driver.transact("0.0", settings, [[3]]);
    expect(selections).toEqual([true, false, true]);
  });

  it("fails as it is told to, until it is told otherwise", async () => {
    const driver = simulatedSpi({ devices: new Map([["0.0", loopbackDevice()]]) });
    driver.control.fail("0.0", "no power");
    await expect(driver.transact("0.0", settings, [[1]])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    driver.control.fail("0.0", null);
    expect(await driver.transact("0.0", settings, [[1]])).toEqual([[1]]);
  });
});
