import type { GpioDriver } from "./gpio/gpio-driver.ts";
import type { Header } from "./header/header.ts";
import type { I2cDriver } from "./i2c/i2c-driver.ts";
import type { PwmDriver } from "./pwm/pwm-driver.ts";
import type { SpiDriver } from "./spi/spi-driver.ts";

/** All that this machine's header can do, behind one set of ports. Which adapters they are is settled by `start`. */
export interface PinHardware {
  readonly kind: "gpiod" | "pigpio" | "simulated" | "none";
  /** Why there is no GPIO and what would change that; null when there is. Known after `start`; of a daemon it may change. */
  readonly problem: string | null;
  readonly header: Header;
  /** UARTs that are on and led to the header, as `uart-0`: what they carry is not the drivers' business. */
  readonly uarts: readonly string[];
  readonly gpio: GpioDriver;
  readonly pwm: PwmDriver;
  readonly i2c: I2cDriver;
  readonly spi: SpiDriver;
  /**
   * Opens what there is. Hardware that is missing or may not be used is no error: `problem` says it, and every call
   * of the drivers throws MeshError FAILED_PRECONDITION with it. No native part is loaded before its first use.
   */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface PinHardwareOptions {
  /** `auto`: by the board; pigpio where its daemon answers and the board is no Pi 5, else gpiod. */
  readonly driver: "auto" | "gpiod" | "pigpio" | "simulated";
  /** Label or name of the GPIO chip of a machine that is no Raspberry Pi, as `gpio-sim.0`; empty for none. */
  readonly chip: string;
  /** Where pigpiod listens, as `127.0.0.1:8888`. */
  readonly pigpiodAddress: string;
  /** For a simulated board: the file that tells what happens at its pins; empty for none. */
  readonly simulationFile: string;
}
