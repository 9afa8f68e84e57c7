import * as z from "zod";

/** A GPIO controller of the machine, as the kernel names it. */
export const gpioChipSchema = z.object({
  /** As `gpiochip0`. */
  name: z.string(),
  /** As `pinctrl-rp1`: tells which chip carries the header, on every model. */
  label: z.string(),
  lines: z.int().nonnegative(),
});

export const storageDeviceSchema = z.object({
  /** As `mmcblk0`. */
  name: z.string(),
  type: z.enum(["sd-card", "emmc", "nvme", "ssd", "hdd", "usb", "unknown"]),
  bytes: z.int().nonnegative(),
  /** True when the root file system is on it. */
  root: z.boolean(),
});

/** What a machine is and can do. Found at start-up; changes only with the hardware. */
export const boardSchema = z.object({
  /** As `Raspberry Pi 5 Model B Rev 1.0`. */
  model: z.string(),
  /** Short name of the model: `pi-5`, `pi-4`, `pi-zero-2w`, ... or `generic`. */
  family: z.string(),
  /** Revision code in hexadecimal, as `d04170`; empty when the board has none. */
  revision: z.string(),
  serial: z.string().optional(),
  /** As `arm64` or `x64`. */
  architecture: z.string(),
  cpuCores: z.int().positive(),
  memoryBytes: z.int().nonnegative(),
  gpioChips: z.array(gpioChipSchema),
  /** Bus numbers that have a device file. */
  i2cBuses: z.array(z.int().nonnegative()),
  /** As `0.0`: bus and chip select. */
  spiDevices: z.array(z.string()),
  /** UARTs that are on and led to the header, as `uart-0`; left out: none is known. */
  uarts: z.array(z.string()).optional(),
  pwmChips: z.array(z.object({ name: z.string(), channels: z.int().nonnegative() })),
  storage: z.array(storageDeviceSchema),
  operatingSystem: z.string(),
  kernel: z.string(),
  hostname: z.string(),
  /** True when nothing of this is real. */
  simulated: z.boolean(),
});
export type Board = z.infer<typeof boardSchema>;
