import { describeI2cDriverContract, linuxI2c } from "@pi-controller/hardware/testing";
import { describe, expect, it } from "vitest";

/** The kernel's i2c-stub, which keeps registers at two addresses and knows SMBus alone. */
const STUB_BUS = 0;
/** A bus of ours that takes plain transfers, with a memory at one address. */
const PLAIN_BUS = 1;
const MEMORY = 0x50;

describeI2cDriverContract("I2C through the kernel, on a bus of SMBus", async () => ({
  driver: linuxI2c({ buses: [STUB_BUS, PLAIN_BUS] }),
  bus: STUB_BUS,
  addresses: [0x48, 0x76],
  absent: 0x50,
  rawTransfers: false,
}));

describe("I2C through the kernel, on a bus of plain transfers", () => {
  const driver = linuxI2c({ buses: [STUB_BUS, PLAIN_BUS] });

  it("finds the one device", async () => {
    expect(await driver.scan(PLAIN_BUS)).toEqual([MEMORY]);
  });

  it("sends and receives bytes as they are, and registers as SMBus has them", async () => {
    const results = await driver.transact(PLAIN_BUS, MEMORY, [
      { op: "write", bytes: [0x10, 0xca, 0xfe] },
      { op: "write", bytes: [0x10] },
      { op: "read", length: 2 },
      { op: "read-register", register: 0x11, length: 1 },
      { op: "write-register", register: 0x20, bytes: [1, 2, 3] },
      { op: "read-register", register: 0x20, length: 3 },
    ]);
    expect(results).toEqual([null, null, [0xca, 0xfe], [0xfe], null, [1, 2, 3]]);
  });

  it("takes and gives 4096 bytes at once", async () => {
    const bytes = Array.from({ length: 4_096 }, (_, index) => index & 0xff);
    const [, read] = await driver.transact(PLAIN_BUS, MEMORY, [
      { op: "write", bytes },
      { op: "read", length: 4_096 },
    ]);
    expect(read).toHaveLength(4_096);
  });

  it("says at which operation nobody answers", async () => {
    await expect(driver.transact(PLAIN_BUS, 0x23, [{ op: "read", length: 1 }])).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "No answer from 0x23 on I2C bus 1 at operation 1",
    });
    await driver.stop();
  });

  it("says how to turn on a bus that the board should have and the kernel does not show", async () => {
    await expect(linuxI2c({ buses: [7] }).scan(7)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("dtparam=i2c_arm=on"),
    });
  });
});
