import type { Clock, Logger, Random } from "@pi-controller/runtime";
import { type Board, MeshError } from "@pi-controller/schema";
import type { Header } from "../header/header.ts";
import { linuxI2c } from "../i2c/linux-i2c.ts";
import { type PigpioConnection, pigpioConnection } from "../pigpio/pigpio-connection.ts";
import { pigpioGpio } from "../pigpio/pigpio-gpio.ts";
import { pigpioPwm } from "../pigpio/pigpio-pwm.ts";
import { linuxSpi } from "../spi/linux-spi.ts";
import { freeLines, headerBuses } from "./header-buses.ts";
import type { PinAdapters } from "./pin-adapters.ts";

export interface PigpioHardwareComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface PigpioHardwareOptions {
  readonly board: Pick<Board, "i2cBuses" | "spiDevices">;
  readonly header: Header;
  /** As `127.0.0.1:8888`. */
  readonly address: string;
}

/**
 * A header through pigpio's daemon; I2C and SPI through the kernel. A daemon that is not there yet, as when a machine
 * starts, is looked for until it is; until then calls fail.
 */
export function pigpioHardware(
  components: PigpioHardwareComponents,
  options: PigpioHardwareOptions,
): PinAdapters {
  return adaptersOver(connectionTo(components, options, true), components, options);
}

/**
 * The same, if the daemon answers.
 *
 * @param withinMs a daemon on this machine answers at once, or there is none
 */
export async function pigpioHardwareIfThere(
  components: PigpioHardwareComponents,
  options: PigpioHardwareOptions,
  withinMs: number,
  signal: AbortSignal,
): Promise<PinAdapters | undefined> {
  const connection = connectionTo(components, options, false);
  const starting = connection.start(signal).then(
    () => true,
    (error: unknown) => {
      if (error instanceof MeshError) return false;
      throw error;
    },
  );
  const tooLate = Promise.withResolvers<false>();
  const timer = components.clock.setTimer(() => tooLate.resolve(false), withinMs);
  const answers = await Promise.race([starting, tooLate.promise]);
  timer.cancel();
  if (answers) return adaptersOver(connection, components, options);
  starting
    .then(() => connection.stop())
    .catch((error: unknown) => {
      components.logger.debug({ err: error }, "The search for pigpiod did not end well");
    });
  return undefined;
}

function connectionTo(
  components: PigpioHardwareComponents,
  { address }: PigpioHardwareOptions,
  waits: boolean,
): PigpioConnection {
  return pigpioConnection({ ...components, nowNs: () => process.hrtime.bigint() }, { address, waits });
}

function adaptersOver(
  connection: PigpioConnection,
  components: PigpioHardwareComponents,
  { board, header }: PigpioHardwareOptions,
): PinAdapters {
  const { i2cBuses, spiDevices } = headerBuses(board, header);
  return {
    kind: "pigpio",
    gpio: pigpioGpio({ ...components, connection }),
    pwm: pigpioPwm({ connection }, { pins: header.pwm, lines: freeLines(header) }),
    i2c: linuxI2c({ buses: i2cBuses }),
    spi: linuxSpi({ devices: spiDevices }),
    services: [],
    problem: () => connection.problem,
  };
}
