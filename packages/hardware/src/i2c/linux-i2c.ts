import { type I2cOperation, MeshError } from "@pi-controller/schema";
import { KeptOpen } from "../kept-open.ts";
import { errorCode, loadNativePart } from "../native-part.ts";
import { FIRST_ADDRESS, LAST_ADDRESS } from "./i2c-address.ts";
import type { NativeI2c, NativeI2cBus } from "./i2c-bus.ts";
import type { I2cDriver } from "./i2c-driver.ts";
import { i2cError, isNoAnswer, isNoBus, noSuchBus } from "./i2c-errors.ts";

export interface LinuxI2cOptions {
  /** Numbers of the buses of the header. */
  readonly buses: readonly number[];
}

/** I2C through the kernel's `/dev/i2c-N`, by the npm package i2c-bus, which is loaded with the first use. */
export function linuxI2c(options: LinuxI2cOptions): I2cDriver {
  return new LinuxI2c(options);
}

class LinuxI2c implements I2cDriver {
  readonly #buses: ReadonlyMap<number, KeptOpen<NativeI2cBus>>;

  constructor({ buses }: LinuxI2cOptions) {
    this.#buses = new Map(
      buses.map((number) => [
        number,
        new KeptOpen({
          open: () => native().openPromisified(number),
          close: (open) => open.close(),
        }),
      ]),
    );
  }

  buses(): readonly number[] {
    return [...this.#buses.keys()];
  }

  async scan(bus: number): Promise<readonly number[]> {
    return this.#bus(bus).run(async () => {
      // Of its own, and closed afterwards: it holds a file for each address.
      const open = await native().openPromisified(bus);
      try {
        return await answering(open);
      } catch (error) {
        throw i2cError(error, bus);
      } finally {
        await open.close();
      }
    });
  }

  async transact(
    bus: number,
    address: number,
    operations: readonly I2cOperation[],
  ): Promise<readonly (readonly number[] | null)[]> {
    const kept = this.#bus(bus);
    return kept.run(async () => {
      const open = await kept.handle();
      const results: (readonly number[] | null)[] = [];
      for (const [index, operation] of operations.entries()) {
        try {
          results.push(await apply(open, address, operation));
        } catch (error) {
          // i2c-bus 5.2 keeps the file of an address that it was refused (EBUSY): what it would write there next would
          // go to address 0, which all devices listen to. So it starts over with new files.
          if (!isNoAnswer(error)) await kept.close();
          throw i2cError(error, bus, { address, operation: index + 1 });
        }
      }
      return results;
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#buses.values()].map((bus) => bus.stop()));
  }

  #bus(bus: number): KeptOpen<NativeI2cBus> {
    const found = this.#buses.get(bus);
    if (found === undefined) throw noSuchBus(bus);
    return found;
  }
}

function native(): NativeI2c {
  return loadNativePart("i2c-bus", "I2C") as NativeI2c;
}

/**
 * Who answers, asked as i2cdetect asks: with a quick write, but by reading a byte where EEPROMs and such are, which a
 * quick write could damage (0x30 to 0x37 and 0x50 to 0x5f; i2c-tools, i2cdetect(8), "-q" and "-r"). Addresses that a
 * driver of the kernel uses are left alone.
 */
async function answering(bus: NativeI2cBus): Promise<number[]> {
  const { smbusQuick, smbusReceiveByte } = await bus.i2cFuncs();
  if (!smbusQuick && !smbusReceiveByte) {
    throw new MeshError("UNIMPLEMENTED", "The controller of this I2C bus cannot scan");
  }
  const found: number[] = [];
  for (let address = FIRST_ADDRESS; address <= LAST_ADDRESS; address++) {
    const delicate = (address >= 0x30 && address <= 0x37) || (address >= 0x50 && address <= 0x5f);
    const reads = smbusReceiveByte && (delicate || !smbusQuick);
    // Where the controller can only do what is not safe, the address is left out.
    if (delicate && !reads) continue;
    try {
      if (reads) await bus.receiveByte(address);
      else await bus.writeQuick(address, 0);
      found.push(address);
    } catch (error) {
      if (isNoAnswer(error) || errorCode(error) === "EBUSY") continue;
      // A device that answers and then fails (arbitration, timeout) is no reason not to look for others.
      if (isNoBus(error)) throw error;
    }
  }
  return found;
}

async function apply(
  bus: NativeI2cBus,
  address: number,
  operation: I2cOperation,
): Promise<readonly number[] | null> {
  switch (operation.op) {
    case "write": {
      const bytes = Buffer.from(operation.bytes);
      complete((await bus.i2cWrite(address, bytes.length, bytes)).bytesWritten, bytes.length);
      return null;
    }
    case "read": {
      const bytes = Buffer.alloc(operation.length);
      complete((await bus.i2cRead(address, bytes.length, bytes)).bytesRead, bytes.length);
      return [...bytes];
    }
    case "write-register": {
      const { register } = operation;
      const [byte, ...more] = operation.bytes;
      if (byte !== undefined && more.length === 0) await bus.writeByte(address, register, byte);
      else await bus.writeI2cBlock(address, register, operation.bytes.length, Buffer.from(operation.bytes));
      return null;
    }
    case "read-register": {
      const { register, length } = operation;
      if (length === 1) return [await bus.readByte(address, register)];
      const bytes = Buffer.alloc(length);
      complete((await bus.readI2cBlock(address, register, length, bytes)).bytesRead, length);
      return [...bytes];
    }
  }
}

function complete(done: number, wanted: number): void {
  if (done !== wanted) {
    throw new MeshError("UNAVAILABLE", `The device took part in ${done} of ${wanted} bytes only`);
  }
}
