import {
  type Clock,
  type Logger,
  type Random,
  startAll,
  stopAll,
  systemRandom,
} from "@pi-controller/runtime";
import { type Board, MeshError } from "@pi-controller/schema";
import { absentHardware } from "./gpio/absent-hardware.ts";
import { chooseDriver, type DriverChoice } from "./gpio/choose-driver.ts";
import type { PinAdapters } from "./gpio/pin-adapters.ts";
import type { PinSimulation } from "./gpio/simulated/simulated-hardware.ts";
import type { Header } from "./header/header.ts";
import { headerOf, headerOfChip } from "./header/header-of.ts";
import type { PinHardware, PinHardwareOptions } from "./pin-hardware.ts";

export interface PinHardwareComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For the times at which a lost daemon is tried again. */
  readonly random?: Random;
}

/**
 * What this board's header can do. Which adapters do it depends on the board: those of a simulated board are
 * simulated; a Pi up to the 4 has pigpio's where its daemon answers; otherwise they are the kernel's. Their code is
 * loaded by `start`, and native parts of it with their first use.
 */
export function openPinHardware(
  components: PinHardwareComponents,
  board: Board,
  options: PinHardwareOptions,
): PinHardware & {
  /** Set once a simulated header has started. */
  readonly simulation: PinSimulation | null;
} {
  return new BoardPinHardware(components, board, options);
}

const NOT_STARTED = "The pins of this machine are not started";
/** Which header is simulated on a machine that has none itself. */
const SIMULATED_FAMILY = "pi-4";
/** A daemon on this machine answers at once. */
const PIGPIO_WITHIN_MS = 300;

class BoardPinHardware implements PinHardware {
  readonly header: Header;
  readonly #components: PinHardwareComponents;
  readonly #board: Board;
  readonly #options: PinHardwareOptions;
  readonly #choice: DriverChoice;
  #adapters: PinAdapters = absentHardware(NOT_STARTED);
  #simulation: PinSimulation | null = null;
  #problem: string | null = null;

  constructor(components: PinHardwareComponents, board: Board, options: PinHardwareOptions) {
    this.#components = components;
    this.#board = board;
    this.#options = options;
    this.#choice = chooseDriver(board, options);
    this.header = headerFor(board, options, this.#choice);
  }

  get kind() {
    return this.#adapters.kind;
  }

  get problem() {
    return this.#problem ?? this.#adapters.problem?.() ?? null;
  }

  get simulation() {
    return this.#simulation;
  }

  /** Those of a real board are none of a simulated header's business. */
  get uarts() {
    const isReal = this.#choice.kind !== "simulated" || this.#board.simulated;
    return isReal ? (this.#board.uarts ?? []) : [];
  }

  get gpio() {
    return this.#adapters.gpio;
  }

  get pwm() {
    return this.#adapters.pwm;
  }

  get i2c() {
    return this.#adapters.i2c;
  }

  get spi() {
    return this.#adapters.spi;
  }

  /** Looks again when there was no hardware before. */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#adapters.kind !== "none") return;
    try {
      const adapters = await this.#open(signal);
      await startAll([adapters.gpio, adapters.pwm, ...adapters.services], signal);
      this.#adapters = adapters;
      this.#problem = null;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      this.#problem = error.message;
      this.#adapters = absentHardware(error.message);
      this.#components.logger.info({ family: this.#board.family }, `No GPIO: ${error.message}`);
    }
  }

  async stop(): Promise<void> {
    const { gpio, pwm, i2c, spi, services } = this.#adapters;
    this.#adapters = absentHardware(NOT_STARTED);
    const buses = [
      { name: "spi", start: async () => {}, stop: () => spi.stop() },
      { name: "i2c", start: async () => {}, stop: () => i2c.stop() },
    ];
    // PWM by software ends before the lines that it switches are gone.
    await stopAll([gpio, pwm, ...services, ...buses]);
  }

  async #open(signal: AbortSignal): Promise<PinAdapters> {
    const choice = this.#choice;
    switch (choice.kind) {
      case "none":
        throw new MeshError("FAILED_PRECONDITION", choice.problem);
      case "simulated":
        return this.#openSimulated();
      case "gpiod":
        return this.#openGpiod(choice.chip);
      case "pigpio": {
        const { pigpioHardware } = await import("./gpio/pigpio-hardware.ts");
        return pigpioHardware(this.#pigpioComponents(), this.#pigpioOptions());
      }
      case "pigpio-or-gpiod": {
        const { pigpioHardwareIfThere } = await import("./gpio/pigpio-hardware.ts");
        const pigpio = await pigpioHardwareIfThere(
          this.#pigpioComponents(),
          this.#pigpioOptions(),
          PIGPIO_WITHIN_MS,
          signal,
        );
        return pigpio ?? this.#openGpiod(choice.chip);
      }
    }
  }

  #pigpioComponents() {
    return { random: systemRandom(), ...this.#components };
  }

  #pigpioOptions() {
    return { board: this.#board, header: this.header, address: this.#options.pigpiodAddress };
  }

  async #openSimulated(): Promise<PinAdapters> {
    const { simulatedHardware } = await import("./gpio/simulated/simulated-hardware.ts");
    const simulated = simulatedHardware(this.#components, {
      board: this.#board,
      header: this.header,
      file: this.#options.simulationFile,
    });
    this.#simulation = simulated.simulation;
    return simulated;
  }

  async #openGpiod(chip: string): Promise<PinAdapters> {
    const { gpiodHardware } = await import("./gpio/gpiod/gpiod-hardware.ts");
    return gpiodHardware(this.#components, { board: this.#board, header: this.header, chip });
  }
}

function headerFor(board: Board, { chip }: PinHardwareOptions, choice: DriverChoice): Header {
  const header = headerOf(board);
  if (header.places.length > 0) return header;
  if (choice.kind === "simulated") return headerOf({ family: SIMULATED_FAMILY, gpioChips: [] });
  const named = board.gpioChips.find(({ name, label }) => chip !== "" && (name === chip || label === chip));
  return named === undefined ? header : headerOfChip(named.lines);
}
