import type { Clock, Logger } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import type { Header } from "../../header/header.ts";
import { linuxI2c } from "../../i2c/linux-i2c.ts";
import { combinedPwm } from "../../pwm/combined-pwm.ts";
import { softwarePwm } from "../../pwm/software-pwm.ts";
import { sysfsPwm } from "../../pwm/sysfs-pwm.ts";
import { linuxSpi } from "../../spi/linux-spi.ts";
import { freeLines, headerBuses } from "../header-buses.ts";
import type { PinAdapters } from "../pin-adapters.ts";
import { gpiodDriver } from "./gpiod-driver.ts";

export interface GpiodHardwareOptions {
  readonly board: Pick<Board, "gpioChips" | "i2cBuses" | "spiDevices">;
  readonly header: Header;
  /** Label or name of the GPIO chip. */
  readonly chip: string;
}

/** A header through the kernel's interfaces. */
export function gpiodHardware(
  components: { readonly clock: Clock; readonly logger: Logger },
  { board, header, chip }: GpiodHardwareOptions,
): PinAdapters {
  const gpio = gpiodDriver(components, { chip, chips: board.gpioChips });
  const { i2cBuses, spiDevices } = headerBuses(board, header);
  return {
    kind: "gpiod",
    gpio,
    pwm: combinedPwm({
      hardware: sysfsPwm(components, { pins: header.pwm }),
      software: softwarePwm({ ...components, gpio }, { lines: freeLines(header) }),
    }),
    i2c: linuxI2c({ buses: i2cBuses }),
    spi: linuxSpi({ devices: spiDevices }),
    services: [],
  };
}
