import { MeshError } from "@pi-controller/schema";
import { errorCode } from "../native-part.ts";
import type { SpiSettings } from "./spi-driver.ts";

/** Of a device that is none of the header's. */
export function noSuchDevice(device: string): MeshError {
  return new MeshError("NOT_FOUND", `There is no SPI device ${device}`);
}

/** @returns what an error of the kernel means to who used the device (Linux, drivers/spi/spidev.c) */
export function spiError(error: unknown, device: string, settings: SpiSettings): MeshError {
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
