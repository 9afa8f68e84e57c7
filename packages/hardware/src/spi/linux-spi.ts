import { MeshError } from "@pi-controller/schema";
import { errorCode, loadNativePart } from "../native-part.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NativeSpi, NativeSpiDevice } from "./spi-device.ts";
import type { SpiDriver, SpiSettings } from "./spi-driver.ts";
import { checkWholeWords } from "./spi-settings.ts";

export interface LinuxSpiOptions {
  /** Bus and chip select of the devices of the header, as `0.0`. */
  readonly devices: readonly string[];
}

const MAX_WAITING = 256;

/** SPI through the kernel's `/dev/spidevB.C`, by the npm package spi-device, which is loaded with the first use. */
export function linuxSpi(options: LinuxSpiOptions): SpiDriver {
  return new LinuxSpi(options);
}

interface Device {
  readonly queue: SerialQueue;
  open: NativeSpiDevice | undefined;
}

class LinuxSpi implements SpiDriver {
  readonly #devices: ReadonlyMap<string, Device>;

  constructor({ devices }: LinuxSpiOptions) {
    this.#devices = new Map(
      devices.map((name) => [name, { queue: new SerialQueue(MAX_WAITING), open: undefined }]),
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
    const entry = this.#devices.get(device);
    if (entry === undefined) throw new MeshError("NOT_FOUND", `There is no SPI device ${device}`);
    checkWholeWords(settings, transfers);
    return entry.queue.run(async () => {
      try {
        entry.open ??= await opened(device);
        const open = entry.open;
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
        await closed(entry);
        throw spiError(error, device, settings);
      }
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((entry) => entry.queue.run(() => closed(entry))));
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

async function closed(entry: Device): Promise<void> {
  const open = entry.open;
  entry.open = undefined;
  if (open !== undefined) await completed((done) => open.close(done));
}

/** @returns what an error of the kernel means to who used the device (Linux, drivers/spi/spidev.c) */
function spiError(error: unknown, device: string, settings: SpiSettings): MeshError {
  if (error instanceof MeshError) return error;
  const options = { cause: error };
  const code = errorCode(error);
  switch (code) {
    case "ENOENT":
    case "ENODEV":
    case "ENXIO":
      return new MeshError(
        "NOT_FOUND",
        `There is no SPI device ${device}: /dev/spidev${device} is missing; dtparam=spi=on in config.txt turns SPI on (see firmware-notes)`,
        {},
        options,
      );
    case "EACCES":
    case "EPERM":
      return new MeshError(
        "PERMISSION_DENIED",
        `This process may not use /dev/spidev${device}: its user must be in the group spi (sudo usermod -aG spi USER)`,
        {},
        options,
      );
    case "EMSGSIZE":
      return new MeshError(
        "OUT_OF_RANGE",
        "All transfers of one transaction together are longer than the kernel takes: 4096 bytes unless spidev.bufsiz on its command line says more",
        {},
        options,
      );
    case "EINVAL":
      return new MeshError(
        "OUT_OF_RANGE",
        `The controller of SPI device ${device} cannot do mode ${settings.mode} with words of ${settings.bitsPerWord} bits at ${settings.speedHz} Hz`,
        {},
        options,
      );
    case "EBUSY":
      return new MeshError(
        "FAILED_PRECONDITION",
        `Another process has SPI device ${device} for itself`,
        {},
        options,
      );
    default:
      return new MeshError(
        "UNAVAILABLE",
        `A transfer with SPI device ${device} failed: ${code || "unknown"}`,
        {},
        options,
      );
  }
}
