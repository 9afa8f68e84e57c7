import { MeshError } from "@pi-controller/schema";
import { SerialQueue } from "../serial-queue.ts";
import type { SpiDriver, SpiSettings } from "./spi-driver.ts";
import { noSuchDevice } from "./spi-errors.ts";
import { checkWholeWords } from "./spi-settings.ts";

/** A device on a simulated bus. */
export interface SimulatedSpiDevice {
  /** One transfer: gives as many bytes as it takes. `selected`: the chip was selected just now. */
  exchange(bytes: readonly number[], selected: boolean): readonly number[];
}

export interface SimulatedSpiOptions {
  /** Devices by bus and chip select, as `0.0`. */
  readonly devices: ReadonlyMap<string, SimulatedSpiDevice>;
}

/** What a test or a demonstration does behind the driver's back. */
export interface SimulatedSpiControl {
  /** Lets each transaction with the device fail for this reason; null: it works again. */
  fail(device: string, reason: string | null): void;
}

const MAX_WAITING = 256;

/** SPI devices that are not there. */
export function simulatedSpi(
  options: SimulatedSpiOptions,
): SpiDriver & { readonly control: SimulatedSpiControl } {
  return new SimulatedSpi(options);
}

/** Sends back what it receives: a wire from the one data line to the other. */
export function loopbackDevice(): SimulatedSpiDevice {
  return { exchange: (bytes) => [...bytes] };
}

/**
 * Answers what it knows an answer for, and zeros to all else.
 *
 * @param answers by what is sent, in hexadecimal without spaces: `{ "9f000000": "00ef4018" }`
 */
export function scriptedDevice(answers: Readonly<Record<string, string>>): SimulatedSpiDevice {
  return {
    exchange(bytes) {
      const answer = Buffer.from(answers[Buffer.from(bytes).toString("hex")] ?? "", "hex");
      return bytes.map((_, index) => answer[index] ?? 0);
    },
  };
}

class SimulatedSpi implements SpiDriver {
  readonly control: SimulatedSpiControl;
  readonly #devices: ReadonlyMap<string, SimulatedSpiDevice>;
  readonly #queues: ReadonlyMap<string, SerialQueue>;
  readonly #failing = new Map<string, string>();

  constructor({ devices }: SimulatedSpiOptions) {
    this.#devices = new Map(devices);
    this.#queues = new Map([...devices.keys()].map((name) => [name, new SerialQueue(MAX_WAITING)]));
    this.control = {
      fail: (device, reason) => {
        if (reason === null) this.#failing.delete(device);
        else this.#failing.set(device, reason);
      },
    };
  }

  devices(): readonly string[] {
    return [...this.#devices.keys()];
  }

  async transact(
    device: string,
    settings: SpiSettings,
    transfers: readonly (readonly number[])[],
  ): Promise<readonly (readonly number[])[]> {
    const found = this.#devices.get(device);
    const queue = this.#queues.get(device);
    if (found === undefined || queue === undefined) throw noSuchDevice(device);
    checkWholeWords(settings, transfers);
    return queue.run(async () => {
      const reason = this.#failing.get(device);
      if (reason !== undefined) throw new MeshError("UNAVAILABLE", `SPI device ${device} fails: ${reason}`);
      const results: (readonly number[])[] = [];
      for (const [index, bytes] of transfers.entries()) {
        await Promise.resolve();
        results.push(found.exchange(bytes, index === 0));
      }
      return results;
    });
  }

  async stop(): Promise<void> {}
}
