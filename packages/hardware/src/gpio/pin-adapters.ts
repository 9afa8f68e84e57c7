import type { Service } from "@pi-controller/runtime";
import type { PinHardware } from "../pin-hardware.ts";

/** A set of adapters that belong together. */
export type PinAdapters = Pick<PinHardware, "kind" | "gpio" | "pwm" | "i2c" | "spi"> & {
  /** What else runs with them. */
  readonly services: readonly Service[];
};
