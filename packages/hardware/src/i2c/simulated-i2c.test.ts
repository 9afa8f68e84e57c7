import { describe, expect, it } from "vitest";
import { describeI2cDriverContract } from "./i2c-contract.ts";
import { simulatedI2c } from "./simulated-i2c.ts";
import { registerMemory, simulatedThermometer } from "./simulated-i2c-devices.ts";

const twoDevices = () =>
  simulatedI2c({
    buses: new Map([
      [
        1,
        new Map([
          [0x76, registerMemory({ 0xd0: 0x60 })],
          [0x48, registerMemory()],
        ]),
      ],
    ]),
  });

describeI2cDriverContract("simulated I2C", async () => ({
  driver: twoDevices(),
  bus: 1,
  addresses: [0x48, 0x76],
  absent: 0x50,
  rawTransfers: true,
}));

describe("simulated I2C", () => {
  it("has a thermometer that tells what it is asked to", async () => {
    let celsius = 25.5;
    const devices = new Map([[0x48, simulatedThermometer(() => celsius)]]);
    const driver = simulatedI2c({ buses: new Map([[1, devices]]) });
    const read = () => driver.transact(1, 0x48, [{ op: "read-register", register: 0, length: 2 }]);
    expect(await read()).toEqual([[0x19, 0x80]]);
    celsius = -0.5;
    expect(await read()).toEqual([[0xff, 0x80]]);
    await driver.transact(1, 0x48, [{ op: "write-register", register: 3, bytes: [0x50] }]);
    expect(await driver.transact(1, 0x48, [{ op: "read-register", register: 3, length: 1 }])).toEqual([
      [0x50],
    ]);
  });

  it("lets a device miss as many transfers as it is told, and says at which one it stopped", async () => {
    const driver = twoDevices();
    const read = { op: "read-register", register: 0xd0, length: 1 } as const;
    driver.control.failNext(1, 0x76, 2);
    await expect(driver.transact(1, 0x76, [read])).rejects.toThrow("at operation 1");
    expect(await driver.scan(1)).toEqual([0x48]);
    expect(await driver.transact(1, 0x76, [read])).toEqual([[0x60]]);
  });

  it("has devices that are plugged in and out", async () => {
    const driver = twoDevices();
    driver.control.plug(1, 0x76, null);
    driver.control.plug(1, 0x20, registerMemory());
    expect(await driver.scan(1)).toEqual([0x20, 0x48]);
  });
});
