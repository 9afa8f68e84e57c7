import { describeSpiDriverContract, linuxSpi } from "@pi-controller/hardware/testing";
import { describe, expect, it } from "vitest";

const make = () => linuxSpi({ devices: ["0.0", "0.1", "5.0"] });
const settings = { mode: 0, speedHz: 1_000_000, bitsPerWord: 8 } as const;

describeSpiDriverContract("SPI through the kernel", async () => ({
  driver: make(),
  loopback: "0.0",
  words16: true,
}));

describe("SPI through the kernel", () => {
  it("says how to turn on a device that the board should have and the kernel does not show", async () => {
    await expect(make().transact("5.0", settings, [[1]])).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("dtparam=spi=on"),
    });
  });

  it("says what limits a transaction that is too long for the kernel, and goes on after it", async () => {
    const driver = make();
    const half = Array.from({ length: 4_096 }, () => 1);
    await expect(driver.transact("0.1", settings, [half, half])).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
      message: expect.stringContaining("spidev.bufsiz"),
    });
    expect(await driver.transact("0.1", settings, [[7]])).toEqual([[7]]);
    await driver.stop();
  });
});
