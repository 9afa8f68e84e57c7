import { MeshError } from "@pi-controller/schema";
import { KeptOpen } from "../kept-open.ts";
import { loadNativePart } from "../native-part.ts";
import type { NativeSpi, NativeSpiDevice } from "./spi-device.ts";
import type { SpiDriver, SpiSettings } from "./spi-driver.ts";
import { noSuchDevice, spiError } from "./spi-errors.ts";
import { checkWholeWords } from "./spi-settings.ts";

export interface LinuxSpiOptions {
  /** Bus and chip select of the devices of the header, as `0.0`. */
  readonly devices: readonly string[];
}

/** SPI through the kernel's `/dev/spidevB.C`, by the npm package spi-device, which is loaded with the first use. */
export function linuxSpi(options: LinuxSpiOptions): SpiDriver {
  return new LinuxSpi(options);
}

class LinuxSpi implements SpiDriver {
  readonly #devices: ReadonlyMap<string, KeptOpen<NativeSpiDevice>>;

  constructor({ devices }: LinuxSpiOptions) {
    this.#devices = new Map(
      devices.map((name) => [
        name,
        new KeptOpen({
          open: () => opened(name),
          close: (open) => completed((done) => open.close(done)),
        }),
      ]),
    );
  }

  devices(): readonly string[] {
    return [...this.#devices.keys()];
  }

  async transact(
    device: string,
    settings: SpiSettings,
    transfers: readonly (readonly number[])[],
  ): Promise<readonly (readonly number[])[]> {
    const kept = this.#devices.get(device);
    if (kept === undefined) throw noSuchDevice(device);
    checkWholeWords(settings, transfers);
    return kept.run(async () => {
      try {
        const open = await kept.handle();
        const { mode, bitsPerWord, speedHz: maxSpeedHz } = settings;
        // Words are in the order of the processor in memory, and with the high byte first on the wire.
        const swap = bitsPerWord === 16;
        const message = transfers.map((bytes) => {
          const sendBuffer = Buffer.from(bytes);
          if (swap) sendBuffer.swap16();
          return { sendBuffer, receiveBuffer: Buffer.alloc(bytes.length), byteLength: bytes.length };
        });
        await completed((done) => open.setOptions({ mode, bitsPerWord, maxSpeedHz }, done));
        await completed((done) => open.transfer(message, done));
        return message.map(({ receiveBuffer }) => [...(swap ? receiveBuffer.swap16() : receiveBuffer)]);
      } catch (error) {
        await kept.close();
        throw spiError(error, device, settings);
      }
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop()));
  }
}

/** Opened without options: spi-device 3.1 leaves the file open when it does not like one. */
async function opened(device: string): Promise<NativeSpiDevice> {
  const [bus, chipSelect] = device.split(".").map(Number);
  const spi = loadNativePart("spi-device", "SPI") as NativeSpi;
  let open: NativeSpiDevice | undefined;
  await completed((done) => {
    open = spi.open(bus ?? 0, chipSelect ?? 0, done);
  });
  if (open === undefined) throw new MeshError("UNAVAILABLE", `SPI device ${device} did not open`);
  return open;
}

function completed(call: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
