import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SpiDriver, SpiSettings } from "./spi-driver.ts";

export interface SpiUnderTest {
  readonly driver: SpiDriver;
  /** A device that sends back what it receives: its two data lines are one wire. */
  readonly loopback: string;
  /** Whether its controller takes words of 16 bits; that of the BCM2835 does not. */
  readonly words16: boolean;
  readonly dispose?: () => Promise<void>;
}

const slow: SpiSettings = { mode: 0, speedHz: 500_000, bitsPerWord: 8 };

/** What every adapter of `SpiDriver` does, whatever is behind it. */
export function describeSpiDriverContract(name: string, make: () => Promise<SpiUnderTest>): void {
  describe(`${name} as an SpiDriver`, () => {
    let subject: SpiUnderTest;
    let driver: SpiDriver;

    beforeEach(async () => {
      subject = await make();
      driver = subject.driver;
    });

    afterEach(async () => {
      await driver.stop();
      await subject.dispose?.();
    });

    it("tells its devices", () => {
      expect(driver.devices()).toContain(subject.loopback);
      for (const device of driver.devices()) expect(device).toMatch(/^\d+\.\d+$/);
    });

    it("receives as many bytes as it sends", async () => {
      const sent = [0x00, 0xff, 0x5a, 0x01];
      expect(await driver.transact(subject.loopback, slow, [sent])).toEqual([sent]);
    });

    it("gives one result for each transfer, in order", async () => {
      const sent = [[1], [2, 3], [4, 5, 6]];
      expect(await driver.transact(subject.loopback, slow, sent)).toEqual(sent);
    });

    it("takes 4096 bytes at once", async () => {
      const sent = Array.from({ length: 4_096 }, (_, index) => (index * 31) & 0xff);
      expect(await driver.transact(subject.loopback, slow, [sent])).toEqual([sent]);
    });

    it.each([0, 1, 2, 3] as const)("works in mode %i", async (mode) => {
      expect(await driver.transact(subject.loopback, { ...slow, mode }, [[0xa5]])).toEqual([[0xa5]]);
    });

    it("takes words of 16 bits where the controller does, and else says that it cannot", async () => {
      const transaction = driver.transact(subject.loopback, { ...slow, bitsPerWord: 16 }, [[1, 2, 3, 4]]);
      if (subject.words16) expect(await transaction).toEqual([[1, 2, 3, 4]]);
      else await expect(transaction).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    });

    it("refuses half a word", async () => {
      const transaction = driver.transact(subject.loopback, { ...slow, bitsPerWord: 16 }, [[1, 2], [3]]);
      await expect(transaction).rejects.toMatchObject({
        code: "OUT_OF_RANGE",
        message: expect.stringContaining("transfer 2"),
      });
      expect(await driver.transact(subject.loopback, slow, [[9]])).toEqual([[9]]);
    });

    it("keeps transactions apart that come at once", async () => {
      const sent = Array.from({ length: 16 }, (_, index) => [[index], [index, index]]);
      const results = sent.map((transfers) => driver.transact(subject.loopback, slow, transfers));
      expect(await Promise.all(results)).toEqual(sent);
    });

    it.each(["7.7", "9.0"])("knows no device that is not there: %s", async (device) => {
      await expect(driver.transact(device, slow, [[1]])).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining(device),
      });
    });

    it("opens again what it needs after a stop", async () => {
      await driver.transact(subject.loopback, slow, [[1]]);
      await driver.stop();
      await driver.stop();
      expect(await driver.transact(subject.loopback, slow, [[2]])).toEqual([[2]]);
    });
  });
}
