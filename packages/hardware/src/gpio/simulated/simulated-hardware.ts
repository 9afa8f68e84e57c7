import type { Clock, Logger } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import type { Header } from "../../header/header.ts";
import { type SimulatedI2cControl, simulatedI2c } from "../../i2c/simulated-i2c.ts";
import { simulatedThermometer } from "../../i2c/simulated-i2c-devices.ts";
import { combinedPwm } from "../../pwm/combined-pwm.ts";
import { type SimulatedPwmControl, simulatedPwm } from "../../pwm/simulated-pwm.ts";
import { softwarePwm } from "../../pwm/software-pwm.ts";
import { loopbackDevice, type SimulatedSpiControl, simulatedSpi } from "../../spi/simulated-spi.ts";
import { freeLines, headerBuses } from "../header-buses.ts";
import type { PinAdapters } from "../pin-adapters.ts";
import { pinFile } from "./pin-file.ts";
import { simulatedGpio } from "./simulated-gpio.ts";
import type { SimulatedPins } from "./simulated-pins.ts";

/** What a test or a demonstration does behind the drivers' backs. */
export interface PinSimulation {
  readonly pins: SimulatedPins;
  readonly pwm: SimulatedPwmControl;
  readonly i2c: SimulatedI2cControl;
  readonly spi: SimulatedSpiControl;
}

export interface SimulatedHardwareOptions {
  readonly board: Pick<Board, "i2cBuses" | "spiDevices" | "simulated">;
  readonly header: Header;
  /** That tells what happens at the pins; empty for none. */
  readonly file: string;
}

const THERMOMETER_ADDRESS = 0x48;
const ROOM_CELSIUS = 21.5;

/** A header that is not there: a thermometer on its first I2C bus, and wires from MOSI to MISO of its SPI devices. */
export function simulatedHardware(
  components: { readonly clock: Clock; readonly logger: Logger },
  { board, header, file }: SimulatedHardwareOptions,
): PinAdapters & { readonly simulation: PinSimulation } {
  const lines = freeLines(header);
  const gpio = simulatedGpio(components, { lines: Math.max(-1, ...lines) + 1 });
  const hardwarePwm = simulatedPwm({ pins: header.pwm });
  const { i2cBuses, spiDevices } = headerBuses(board.simulated ? board : usualBuses, header);
  const i2c = simulatedI2c({
    buses: new Map(
      i2cBuses.map((bus, index) => [
        bus,
        new Map(index === 0 ? [[THERMOMETER_ADDRESS, simulatedThermometer(() => ROOM_CELSIUS)]] : []),
      ]),
    ),
  });
  const spi = simulatedSpi({ devices: new Map(spiDevices.map((device) => [device, loopbackDevice()])) });
  return {
    kind: "simulated",
    gpio,
    pwm: combinedPwm({ hardware: hardwarePwm, software: softwarePwm({ ...components, gpio }, { lines }) }),
    i2c,
    spi,
    services: file === "" ? [] : [pinFile({ ...components, pins: gpio.control }, { file })],
    simulation: { pins: gpio.control, pwm: hardwarePwm.control, i2c: i2c.control, spi: spi.control },
  };
}

/** The usual ones of a Pi for a machine whose own are none of a simulated header's business. */
const usualBuses = { i2cBuses: [1], spiDevices: ["0.0", "0.1"] };
