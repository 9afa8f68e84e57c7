import type { Service } from "@pi-controller/runtime";
import type { PinHardware } from "../pin-hardware.ts";

/** A set of adapters that belong together. */
export type PinAdapters = Pick<PinHardware, "kind" | "gpio" | "pwm" | "i2c" | "spi"> & {
  /** What else runs with them. */
  readonly services: readonly Service[];
  /** Why they can do nothing at the moment, though they have started; null when they can. Left out: always null. */
  readonly problem?: () => string | null;
};
