import { bcm2711Functions, bcm2835Functions, functionsOf, rp1Functions } from "./function-tables.ts";
import type { BusPins, Header, PinFunction, PwmPin, UartPins } from "./header.ts";

/** What the chip behind a header decides. */
export interface HeaderChip {
  /** What the kernel calls its GPIO; a line there has its BCM number. Source: Linux, drivers/pinctrl. */
  readonly label: string;
  /** Of GPIO0 to GPIO27. */
  readonly functions: () => readonly (readonly PinFunction[])[];
  readonly buses: readonly BusPins[];
  readonly uarts: readonly UartPins[];
  readonly pwm: readonly PwmPin[];
  readonly limits: Header["limits"];
}

/*
 * Buses have the pins that their overlays take by default. Which pins they are on when config.txt says otherwise can
 * be seen by root alone. Source: Linux for Raspberry Pi, arch/arm/boot/dts/overlays/README, "i2c3" to "i2c6",
 * "i2c0-pi5" to "i2c3-pi5" and "spi1-3cs" to "spi6-2cs", with those of the Pi 5 that take their place.
 */
const i2c0: BusPins = { bus: "i2c-0", shared: [0, 1], chipSelects: [] };
const i2c1: BusPins = { bus: "i2c-1", shared: [2, 3], chipSelects: [] };
const pi5 = { overlaySuffix: "-pi5" } as const;
const spi0: BusPins = { bus: "spi-0", shared: [9, 10, 11], chipSelects: [8, 7] };
const spi1: BusPins = { bus: "spi-1", shared: [19, 20, 21], chipSelects: [18, 17, 16] };

/**
 * One of the two: the other one serves Bluetooth, or nothing. Those of the BCM2711 and the RP1 beyond them have the
 * pins of their overlays, as above: "uart2" to "uart5", "uart0-pi5" to "uart4-pi5".
 */
const bcmUarts: readonly UartPins[] = [
  { uart: "uart-0", pins: [14, 15] },
  { uart: "uart-1", pins: [14, 15] },
];

/**
 * The total is no limit of the chip: the 3.3 V supply was laid out for about 3 mA at each of the 17 pins of the first
 * header, 51 mA in all, and no later document gives another figure. The BCM2711 keeps its specified voltages up to
 * 8 mA only, half of what the others do ("How Drive Strength is Controlled"); 16 mA damages none of them.
 */
const bcmLimits: Header["limits"] = {
  pinMilliamperes: 16,
  totalMilliamperes: 50,
  boardMilliwatts: 165,
  source:
    'Raspberry Pi documentation, "GPIO pads control", sections "What is a safe current?" and "Why don\'t I set all my ' +
    'pads to the maximum current?"',
};

/** BCM2835, 2836 and 2837, which the kernel drives alike. PWM: BCM2835 ARM Peripherals, section 9.5. */
export const bcm2835: HeaderChip = {
  label: "pinctrl-bcm2835",
  functions: () => functionsOf(bcm2835Functions),
  buses: [i2c0, i2c1, spi0, spi1],
  uarts: bcmUarts,
  pwm: [
    { gpio: 12, channel: "pwm0" },
    { gpio: 13, channel: "pwm1" },
    { gpio: 18, channel: "pwm0" },
    { gpio: 19, channel: "pwm1" },
  ],
  limits: bcmLimits,
};

/** Its second PWM block is on GPIO40 and 41 alone, which are not on the header. */
export const bcm2711: HeaderChip = {
  label: "pinctrl-bcm2711",
  functions: () => functionsOf(bcm2711Functions),
  buses: [
    i2c0,
    i2c1,
    { bus: "i2c-3", shared: [4, 5], chipSelects: [] },
    { bus: "i2c-4", shared: [8, 9], chipSelects: [] },
    { bus: "i2c-5", shared: [12, 13], chipSelects: [] },
    { bus: "i2c-6", shared: [22, 23], chipSelects: [] },
    spi0,
    spi1,
    { bus: "spi-3", shared: [1, 2, 3], chipSelects: [0, 24] },
    { bus: "spi-4", shared: [5, 6, 7], chipSelects: [4, 25] },
    { bus: "spi-5", shared: [13, 14, 15], chipSelects: [12, 26] },
    { bus: "spi-6", shared: [19, 20, 21], chipSelects: [18, 27] },
  ],
  uarts: [
    ...bcmUarts,
    { uart: "uart-2", pins: [0, 1] },
    { uart: "uart-3", pins: [4, 5] },
    { uart: "uart-4", pins: [8, 9] },
    { uart: "uart-5", pins: [12, 13] },
  ],
  pwm: bcm2835.pwm,
  limits: bcmLimits,
};

/** SPI4 can only be a slave there. PWM: RP1 Peripherals, section 3.1.1 "Function select". */
export const rp1: HeaderChip = {
  label: "pinctrl-rp1",
  functions: () => functionsOf(rp1Functions),
  buses: [
    i2c0,
    i2c1,
    { bus: "i2c-2", shared: [4, 5], chipSelects: [], ...pi5 },
    { bus: "i2c-3", shared: [6, 7], chipSelects: [], ...pi5 },
    spi0,
    spi1,
    { bus: "spi-2", shared: [1, 2, 3], chipSelects: [0, 24], ...pi5 },
    { bus: "spi-3", shared: [5, 6, 7], chipSelects: [4, 25], ...pi5 },
    { bus: "spi-5", shared: [13, 14, 15], chipSelects: [12, 26], ...pi5 },
  ],
  uarts: [
    { uart: "uart-0", pins: [14, 15] },
    { uart: "uart-1", pins: [0, 1] },
    { uart: "uart-2", pins: [4, 5] },
    { uart: "uart-3", pins: [8, 9] },
    { uart: "uart-4", pins: [12, 13] },
  ],
  pwm: [
    { gpio: 12, channel: "pwm0" },
    { gpio: 13, channel: "pwm1" },
    { gpio: 14, channel: "pwm2" },
    { gpio: 15, channel: "pwm3" },
    { gpio: 18, channel: "pwm2" },
    { gpio: 19, channel: "pwm3" },
  ],
  limits: {
    // The strongest setting of a pad; the board's supply sets a total that no document gives.
    pinMilliamperes: 12,
    totalMilliamperes: null,
    boardMilliwatts: null,
    source: 'RP1 Peripherals, section 3.1.3 "Pads", register field DRIVE (2, 4, 8 or 12 mA)',
  },
};
