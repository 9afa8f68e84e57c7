import { bcm2711, bcm2835, type HeaderChip, rp1 } from "./chips.ts";
import type { Header, HeaderOf, HeaderPlace } from "./header.ts";

/**
 * The 40 places, 1 to 40: numbers are GPIOs by BCM number.
 * Source: Raspberry Pi documentation, "GPIO and the 40-pin header"; the same on every board since the B+.
 */
const layout = [
  ...["3v3", "5v", 2, "5v", 3, "ground", 4, 14, "ground", 15],
  ...[17, 18, 27, "ground", 22, 23, "3v3", 24, 10, "ground"],
  ...[9, 25, 11, 8, "ground", 7, 0, 1, 5, "ground"],
  ...[6, 12, 13, "ground", 19, 16, 26, 20, "ground", 21],
] as (number | "3v3" | "5v" | "ground")[];

/** Source: Raspberry Pi HAT specification, "ID EEPROM": nothing else may be on these two pins. */
const reserved = new Map([0, 1].map((gpio) => [gpio, "the ID EEPROM of HATs (I2C0)"]));

/**
 * What boards with a header of their own have on it. A module leaves that to its carrier.
 * Source: Raspberry Pi documentation, "GPIO and the 40-pin header", "Inputs"; 1.8 kΩ in the schematics of each board.
 */
const wired = new Map([2, 3].map((gpio) => [gpio, "a resistor of 1.8 kΩ to 3.3 V: it is always pulled up"]));

const CARRIER = "The header belongs to the carrier board: this is that of the";
const OWN_CARRIER =
  "The header belongs to the carrier board, and the module's own IO board has none: this holds for carriers that have one";

const UNKNOWN =
  "This board is not in the tables: its header is taken for that of other boards with this GPIO chip";

interface Family {
  readonly chip: HeaderChip;
  /** Set for those without a header of their own, or that we know nothing of. */
  readonly note?: string;
}

const families: Readonly<Record<string, Family>> = {
  "pi-a-plus": { chip: bcm2835 },
  "pi-b-plus": { chip: bcm2835 },
  "pi-2": { chip: bcm2835 },
  "pi-zero": { chip: bcm2835 },
  "pi-zero-w": { chip: bcm2835 },
  "pi-zero-2w": { chip: bcm2835 },
  "pi-3": { chip: bcm2835 },
  "pi-3-b-plus": { chip: bcm2835 },
  "pi-3-a-plus": { chip: bcm2835 },
  cm1: { chip: bcm2835, note: OWN_CARRIER },
  cm3: { chip: bcm2835, note: OWN_CARRIER },
  "cm3-plus": { chip: bcm2835, note: OWN_CARRIER },
  "pi-4": { chip: bcm2711 },
  "pi-400": { chip: bcm2711 },
  cm4: { chip: bcm2711, note: `${CARRIER} Compute Module 4 IO Board` },
  cm4s: { chip: bcm2711, note: OWN_CARRIER },
  "pi-5": { chip: rp1 },
  "pi-500": { chip: rp1 },
  cm5: { chip: rp1, note: `${CARRIER} Compute Module 5 IO Board` },
  "cm5-lite": { chip: rp1, note: `${CARRIER} Compute Module 5 IO Board` },
};

/** Those with 26 pins; no Node of today runs on them. */
const tooOld: ReadonlySet<string> = new Set(["pi-a", "pi-b"]);

const chips: readonly HeaderChip[] = [bcm2835, bcm2711, rp1];

/**
 * Looks up the header of a board, by its family, or, for a Pi that we do not know yet, by its GPIO chip. A machine
 * that is no Raspberry Pi has an empty one, and so has the first Pi with its 26 pins.
 */
export const headerOf: HeaderOf = (board) => {
  const found = families[board.family];
  if (found !== undefined) return headerWith(found);
  const chip = chipOf(board);
  return chip === undefined ? emptyHeader : headerWith({ chip, note: UNKNOWN });
};

/** Label of the GPIO chip behind a board's header, as `pinctrl-rp1`; undefined for a board without one. */
export function headerChipLabel(board: Parameters<HeaderOf>[0]): string | undefined {
  return chipOf(board)?.label;
}

/** A machine that is no Pi may carry a chip of such a label too, a simulated one: its header is a Pi's then. */
function chipOf({ family, gpioChips }: Parameters<HeaderOf>[0]): HeaderChip | undefined {
  if (tooOld.has(family)) return undefined;
  return families[family]?.chip ?? chips.find((chip) => gpioChips.some(({ label }) => label === chip.label));
}

function headerWith({ chip, note }: Family): Header {
  const functions = chip.functions();
  const places = layout.map((what, index): HeaderPlace => {
    const position = index + 1;
    if (typeof what !== "number") return { ...noGpio, position, kind: what };
    const wiredTo = note === undefined ? wired.get(what) : undefined;
    return {
      position,
      kind: "gpio",
      gpio: what,
      functions: functions[what] ?? [],
      reservedFor: reserved.get(what) ?? null,
      ...(wiredTo !== undefined && { wiredTo }),
    };
  });
  return {
    places,
    buses: chip.buses,
    uarts: chip.uarts,
    pwm: chip.pwm,
    limits: chip.limits,
    ...(note !== undefined && { note }),
  };
}

const noGpio = { gpio: null, functions: [], reservedFor: null } as const;

const MAX_PLACES = 40;
const emptyHeader: Header = {
  places: [],
  buses: [],
  uarts: [],
  pwm: [],
  limits: {
    pinMilliamperes: 0,
    totalMilliamperes: null,
    boardMilliwatts: null,
    source: "none: this machine is no Raspberry Pi, see the manual of its maker",
  },
};

/**
 * For a machine that is no Raspberry Pi, and was told which GPIO chip to use: its first 40 lines, line N in the place
 * of GPIO N at position N + 1.
 */
export function headerOfChip(lines: number): Header {
  const places = Array.from({ length: Math.min(lines, MAX_PLACES) }, (_, line): HeaderPlace => {
    return { position: line + 1, kind: "gpio", gpio: line, functions: [], reservedFor: null };
  });
  return { ...emptyHeader, places };
}
