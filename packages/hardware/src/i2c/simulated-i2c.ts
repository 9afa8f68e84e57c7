import { type I2cOperation, MeshError } from "@pi-controller/schema";
import { SerialQueue } from "../serial-queue.ts";
import { addressText } from "./i2c-address.ts";
import type { I2cDriver } from "./i2c-driver.ts";
import { noSuchBus } from "./i2c-errors.ts";
import type { SimulatedI2cDevice } from "./simulated-i2c-devices.ts";

export interface SimulatedI2cOptions {
  /** Devices by address, by number of the bus. */
  readonly buses: ReadonlyMap<number, ReadonlyMap<number, SimulatedI2cDevice>>;
}

/** What a test or a demonstration does behind the driver's back. */
export interface SimulatedI2cControl {
  /** Puts a device on a bus, in the place of one that was there; null: takes it off, and nothing answers there. */
  plug(bus: number, address: number, device: SimulatedI2cDevice | null): void;
  /** Lets the device answer nothing for this many transfers, then well again. */
  failNext(bus: number, address: number, transfers: number): void;
}

const MAX_WAITING = 256;

interface Bus {
  readonly queue: SerialQueue;
  readonly devices: Map<number, SimulatedI2cDevice>;
  readonly failing: Map<number, number>;
}

/** I2C buses that are not there. */
export function simulatedI2c(
  options: SimulatedI2cOptions,
): I2cDriver & { readonly control: SimulatedI2cControl } {
  return new SimulatedI2c(options);
}

class SimulatedI2c implements I2cDriver {
  readonly control: SimulatedI2cControl;
  readonly #buses = new Map<number, Bus>();

  constructor({ buses }: SimulatedI2cOptions) {
    for (const [number, devices] of buses) {
      this.#buses.set(number, {
        queue: new SerialQueue(MAX_WAITING),
        devices: new Map(devices),
        failing: new Map(),
      });
    }
    this.control = {
      plug: (bus, address, device) => {
        const { devices } = this.#bus(bus);
        if (device === null) devices.delete(address);
        else devices.set(address, device);
      },
      failNext: (bus, address, transfers) => void this.#bus(bus).failing.set(address, transfers),
    };
  }

  buses(): readonly number[] {
    return [...this.#buses.keys()];
  }

  async scan(bus: number): Promise<readonly number[]> {
    const { queue, devices } = this.#bus(bus);
    return queue.run(async () =>
      [...devices.keys()].filter((address) => this.#answers(bus, address)).sort((a, b) => a - b),
    );
  }

  async transact(
    bus: number,
    address: number,
    operations: readonly I2cOperation[],
  ): Promise<readonly (readonly number[] | null)[]> {
    const { queue, devices } = this.#bus(bus);
    return queue.run(async () => {
      const results: (readonly number[] | null)[] = [];
      for (const [index, operation] of operations.entries()) {
        // As on a wire: others get a turn of the processor between two transfers, though not of the bus.
        await Promise.resolve();
        const device = devices.get(address);
        if (device === undefined || !this.#answers(bus, address)) {
          throw new MeshError(
            "UNAVAILABLE",
            `No answer from ${addressText(address)} on I2C bus ${bus} at operation ${index + 1}`,
          );
        }
        results.push(apply(device, operation));
      }
      return results;
    });
  }

  async stop(): Promise<void> {}

  #bus(bus: number): Bus {
    const found = this.#buses.get(bus);
    if (found === undefined) throw noSuchBus(bus);
    return found;
  }

  #answers(bus: number, address: number): boolean {
    const { failing } = this.#bus(bus);
    const left = failing.get(address) ?? 0;
    if (left <= 1) failing.delete(address);
    else failing.set(address, left - 1);
    return left === 0;
  }
}

function apply(device: SimulatedI2cDevice, operation: I2cOperation): readonly number[] | null {
  switch (operation.op) {
    case "write":
      device.write(operation.bytes);
      return null;
    case "write-register":
      device.write([operation.register, ...operation.bytes]);
      return null;
    case "read":
      return device.read(operation.length);
    case "read-register":
      device.write([operation.register]);
      return device.read(operation.length);
  }
}
