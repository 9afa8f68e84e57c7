import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { I2cDriver } from "./i2c-driver.ts";

export interface I2cUnderTest {
  readonly driver: I2cDriver;
  readonly bus: number;
  /** Two devices that answer, each with registers of one byte that can be written: at least 0x10 to 0x4f. */
  readonly addresses: readonly [number, number];
  /** An address where nothing answers. */
  readonly absent: number;
  /** Not every bus can send and receive bytes as they are: some know the register transfers of SMBus alone. */
  readonly rawTransfers: boolean;
  readonly dispose?: () => Promise<void>;
}

/** What every adapter of `I2cDriver` does, whatever is behind it. */
export function describeI2cDriverContract(name: string, make: () => Promise<I2cUnderTest>): void {
  describe(`${name} as an I2cDriver`, () => {
    let subject: I2cUnderTest;
    let driver: I2cDriver;

    beforeEach(async () => {
      subject = await make();
      driver = subject.driver;
    });

    afterEach(async () => {
      await driver.stop();
      await subject.dispose?.();
    });

    const at = (address: number) => ({
      write: (register: number, bytes: readonly number[]) =>
        driver.transact(subject.bus, address, [{ op: "write-register", register, bytes: [...bytes] }]),
      read: async (register: number, length = 1) =>
        (await driver.transact(subject.bus, address, [{ op: "read-register", register, length }]))[0],
    });

    it("tells its buses", () => {
      expect(driver.buses()).toContain(subject.bus);
      expect(new Set(driver.buses()).size).toBe(driver.buses().length);
    });

    it("finds who answers on a bus, in the order of addresses, and nobody else", async () => {
      const found = await driver.scan(subject.bus);
      expect(found).toEqual(expect.arrayContaining([...subject.addresses]));
      expect(found).not.toContain(subject.absent);
      expect(found.every((address) => address >= 0x03 && address <= 0x77)).toBe(true);
      expect([...found].sort((a, b) => a - b)).toEqual(found);
    });

    it("leaves registers as they are when it scans", async () => {
      const device = at(subject.addresses[0]);
      await device.write(0x10, [0xa5]);
      await driver.scan(subject.bus);
      expect(await device.read(0x10)).toEqual([0xa5]);
    });

    it("writes a register and reads it again", async () => {
      const device = at(subject.addresses[0]);
      for (const value of [0x00, 0xff, 0x5a]) {
        expect(await device.write(0x10, [value])).toEqual([null]);
        expect(await device.read(0x10)).toEqual([value]);
      }
    });

    it.each([2, 3, 31, 32])("writes and reads %i registers in a row", async (length) => {
      const device = at(subject.addresses[0]);
      const bytes = Array.from({ length }, (_, index) => (index * 37 + length) & 0xff);
      await device.write(0x20, bytes);
      expect(await device.read(0x20, length)).toEqual(bytes);
      expect(await device.read(0x21)).toEqual([bytes[1]]);
    });

    it("does a list of operations in order, and gives one result for each", async () => {
      const results = await driver.transact(subject.bus, subject.addresses[0], [
        { op: "write-register", register: 0x10, bytes: [1] },
        { op: "read-register", register: 0x10, length: 1 },
        { op: "write-register", register: 0x10, bytes: [2, 3] },
        { op: "read-register", register: 0x10, length: 2 },
      ]);
      expect(results).toEqual([null, [1], null, [2, 3]]);
    });

    it("keeps devices apart", async () => {
      const [first, second] = subject.addresses.map(at) as [ReturnType<typeof at>, ReturnType<typeof at>];
      await first.write(0x10, [1]);
      await second.write(0x10, [2]);
      expect(await first.read(0x10)).toEqual([1]);
      expect(await second.read(0x10)).toEqual([2]);
    });

    it("lets nobody in between the operations of one transaction", async () => {
      const { bus, addresses } = subject;
      const increments = Array.from({ length: 8 }, (_, value) =>
        driver.transact(bus, addresses[0], [
          { op: "write-register", register: 0x10, bytes: [value] },
          { op: "read-register", register: 0x10, length: 1 },
        ]),
      );
      const results = await Promise.all(increments);
      expect(results.map((result) => result[1])).toEqual(results.map((_, value) => [value]));
    });

    it("says which operation a device did not answer, and where", async () => {
      const { bus, absent } = subject;
      const address = `0x${absent.toString(16).padStart(2, "0")}`;
      await expect(at(absent).read(0)).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringMatching(
          new RegExp(`no answer from ${address} on I2C bus ${bus} at operation 1`, "i"),
        ),
      });
    });

    it("goes on after a device that did not answer", async () => {
      const device = at(subject.addresses[0]);
      const [failed, written] = await Promise.allSettled([
        at(subject.absent).read(0),
        device.write(0x10, [7]),
      ]);
      expect(failed.status).toBe("rejected");
      expect(written.status).toBe("fulfilled");
      expect(await device.read(0x10)).toEqual([7]);
    });

    it("knows no bus that is not there", async () => {
      const absent = Math.max(...driver.buses()) + 1;
      await expect(driver.scan(absent)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(
        driver.transact(absent, 0x48, [{ op: "read-register", register: 0, length: 1 }]),
      ).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(`${absent}`) });
    });

    it("opens again what it needs after a stop", async () => {
      const device = at(subject.addresses[0]);
      await device.write(0x10, [9]);
      await driver.stop();
      await driver.stop();
      expect(await device.read(0x10)).toEqual([9]);
    });

    it("sends and receives bytes as they are, where the bus can, and else says that it cannot", async () => {
      const { bus, addresses, rawTransfers } = subject;
      const transaction = driver.transact(bus, addresses[0], [
        { op: "write", bytes: [0x10, 0xca, 0xfe] },
        { op: "write", bytes: [0x10] },
        { op: "read", length: 2 },
      ]);
      if (rawTransfers) {
        expect(await transaction).toEqual([null, null, [0xca, 0xfe]]);
        expect(await at(addresses[0]).read(0x10, 2)).toEqual([0xca, 0xfe]);
      } else {
        await expect(transaction).rejects.toMatchObject({
          code: "UNIMPLEMENTED",
          message: expect.stringContaining("operation 1"),
        });
      }
    });
  });
}
