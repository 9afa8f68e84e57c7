import { closeSync, openSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { type Board, MeshError } from "@pi-controller/schema";
import type { GpioKernel } from "./gpio-kernel.ts";
import { gpiodError } from "./gpiod-errors.ts";
import { calls, decodeChipInfo, emptyChipInfo } from "./uapi.ts";

const DEVICES = "/dev";

/**
 * Opens a GPIO chip.
 *
 * @param chip its label, as `pinctrl-rp1`, or its name, as `gpiochip0`
 * @param known the chips that the board is known to have
 * @param kernel asked for labels when the board does not tell of the chip
 * @returns a descriptor
 * @throws MeshError FAILED_PRECONDITION when there is no such chip or it may not be opened
 */
export function openChip(chip: string, known: Board["gpioChips"], kernel: () => GpioKernel): number {
  const name = known.find((candidate) => candidate.label === chip || candidate.name === chip)?.name;
  if (name !== undefined) return open(name);
  for (const candidate of chipNames()) {
    const descriptor = open(candidate);
    const { label, name: itsName } = chipInfo(kernel(), descriptor);
    if (label === chip || itsName === chip) return descriptor;
    closeSync(descriptor);
  }
  throw new MeshError(
    "FAILED_PRECONDITION",
    `This machine has no GPIO chip ${chip}: is its driver in the kernel, and its device there?`,
  );
}

/** @throws MeshError when the kernel does not tell */
export function chipInfo(kernel: GpioKernel, descriptor: number): ReturnType<typeof decodeChipInfo> {
  const info = emptyChipInfo();
  const errno = kernel.call(descriptor, calls.chipInfo, info);
  if (errno !== 0) throw gpiodError(errno, "ask a GPIO chip what it is");
  return decodeChipInfo(info);
}

function chipNames(): string[] {
  return readdirSync(DEVICES).filter((name) => /^gpiochip\d+$/.test(name));
}

function open(name: string): number {
  try {
    return openSync(`${DEVICES}/${name}`, "r+");
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? -Number(error.errno) : 0;
    if (errno === constants.errno.ENOENT) {
      throw new MeshError("FAILED_PRECONDITION", `There is no ${DEVICES}/${name}`, {}, { cause: error });
    }
    throw gpiodError(errno, `open ${DEVICES}/${name}`);
  }
}
