import type { Board } from "@pi-controller/schema";

/** What a pin is for when a bus or PWM uses it. */
export interface PinFunction {
  /** As `SDA1`, `PWM0_0`. */
  readonly name: string;
  /** As `alt0`. */
  readonly alternative: string;
}

/** One of the 40 pins. */
export interface HeaderPlace {
  /** 1 to 40. */
  readonly position: number;
  readonly kind: "gpio" | "3v3" | "5v" | "ground";
  /** BCM number. */
  readonly gpio: number | null;
  readonly functions: readonly PinFunction[];
  /** Why nobody may reserve it, as `the ID EEPROM of HATs (I2C0)`; null when it can be. */
  readonly reservedFor: string | null;
  /** What the board itself has on the pin, as `a resistor of 1.8 kΩ to 3.3 V`; left out where there is nothing. */
  readonly wiredTo?: string;
}

/** Which pins a bus of the header takes. */
export interface BusPins {
  /** As `i2c-1` or `spi-0`. */
  readonly bus: string;
  /** BCM numbers of pins that all devices of the bus use. */
  readonly shared: readonly number[];
  /** Of an SPI bus: the pin of each chip select, `0` first. */
  readonly chipSelects: readonly number[];
  /** What the name of its overlay ends with on boards with this chip, as `-pi5`; left out: nothing. */
  readonly overlaySuffix?: string;
}

export interface UartPins {
  /** As `uart-0`. */
  readonly uart: string;
  /** BCM numbers: where it sends and where it receives. */
  readonly pins: readonly number[];
}

/** One hardware PWM channel at one pin. */
export interface PwmPin {
  readonly gpio: number;
  /** As `pwm0`: pins with the same one share it. */
  readonly channel: string;
}

/** The header of a board family, with its limits. */
export interface Header {
  readonly places: readonly HeaderPlace[];
  /** Every bus that the header can carry; which ones are on, the board's device files say. */
  readonly buses: readonly BusPins[];
  /** Every UART that the header can carry; which ones are on, the board says. */
  readonly uarts: readonly UartPins[];
  readonly pwm: readonly PwmPin[];
  readonly limits: {
    readonly pinMilliamperes: number;
    /** Of all pins together; null where no document says. */
    readonly totalMilliamperes: number | null;
    /** What 3.3 V times that is; null likewise. */
    readonly boardMilliwatts: number | null;
    /** Title and section. */
    readonly source: string;
  };
  /** What people should know before they trust this, as that a module's header depends on its carrier. */
  readonly note?: string;
}

/** Looks up the header of a board; a machine that is no Raspberry Pi has none, and an empty one. */
export type HeaderOf = (board: Pick<Board, "family" | "gpioChips">) => Header;
