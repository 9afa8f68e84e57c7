import type { Board } from "@pi-controller/schema";

/** How a board takes heat. Figures are ours, chosen to look like published measurements without a fan. */
export interface ThermalModel {
  /** Temperature that it settles at with idle cores. */
  readonly idleCelsius: number;
  /** And with all of them busy. */
  readonly busyCelsius: number;
  /** Time in which it covers 63 % of the way to where it settles. */
  readonly timeConstantMs: number;
  /** Only the Pi 3 B+ and 3 A+ slow down early (Raspberry Pi documentation, "Frequency management"). */
  readonly softLimitCelsius: number | null;
}

export interface SimulatedBoard {
  readonly board: Omit<Board, "serial" | "hostname" | "architecture">;
  readonly thermal: ThermalModel;
  readonly networkInterface: string;
}

const GIBIBYTE = 2 ** 30;
const common = {
  operatingSystem: "Debian GNU/Linux 13 (trixie)",
  kernel: "6.12.47+rpt-rpi-v8",
  simulated: true,
} as const;
const sdCard = (gibibytes: number) => [
  { name: "mmcblk0", type: "sd-card" as const, bytes: gibibytes * GIBIBYTE, root: true },
];
const rp1Chips = [
  { name: "gpiochip0", label: "pinctrl-rp1", lines: 54 },
  { name: "gpiochip10", label: "gpio-brcmstb@107d508500", lines: 32 },
  { name: "gpiochip11", label: "gpio-brcmstb@107d508500", lines: 4 },
];
const bcm2711Chips = [
  { name: "gpiochip0", label: "pinctrl-bcm2711", lines: 58 },
  { name: "gpiochip1", label: "raspberrypi-exp-gpio", lines: 8 },
];
const bcm2835Chips = [
  { name: "gpiochip0", label: "pinctrl-bcm2835", lines: 54 },
  { name: "gpiochip1", label: "raspberrypi-exp-gpio", lines: 8 },
];

/** The boards that can be simulated, by family. */
export const simulatedBoards = {
  "pi-5": {
    board: {
      ...common,
      model: "Raspberry Pi 5 Model B Rev 1.0",
      family: "pi-5",
      revision: "d04170",
      cpuCores: 4,
      memoryBytes: 8 * GIBIBYTE,
      gpioChips: rp1Chips,
      i2cBuses: [1, 13, 14],
      spiDevices: ["0.0", "0.1", "10.0"],
      pwmChips: [{ name: "pwmchip0", channels: 4 }],
      storage: [
        { name: "mmcblk0", type: "sd-card", bytes: 64 * GIBIBYTE, root: false },
        { name: "nvme0n1", type: "nvme", bytes: 256 * GIBIBYTE, root: true },
      ],
      kernel: "6.12.47+rpt-rpi-2712",
    },
    thermal: { idleCelsius: 46, busyCelsius: 74, timeConstantMs: 25_000, softLimitCelsius: null },
    networkInterface: "eth0",
  },
  "pi-4": {
    board: {
      ...common,
      model: "Raspberry Pi 4 Model B Rev 1.4",
      family: "pi-4",
      revision: "c03114",
      cpuCores: 4,
      memoryBytes: 4 * GIBIBYTE,
      gpioChips: bcm2711Chips,
      i2cBuses: [1, 20, 21],
      spiDevices: ["0.0", "0.1"],
      pwmChips: [{ name: "pwmchip0", channels: 2 }],
      storage: sdCard(32),
    },
    thermal: { idleCelsius: 43, busyCelsius: 72, timeConstantMs: 35_000, softLimitCelsius: null },
    networkInterface: "eth0",
  },
  "pi-3": {
    board: {
      ...common,
      model: "Raspberry Pi 3 Model B Plus Rev 1.3",
      family: "pi-3-b-plus",
      revision: "a020d3",
      cpuCores: 4,
      memoryBytes: GIBIBYTE,
      gpioChips: bcm2835Chips,
      i2cBuses: [1],
      spiDevices: ["0.0", "0.1"],
      pwmChips: [{ name: "pwmchip0", channels: 2 }],
      storage: sdCard(16),
    },
    thermal: { idleCelsius: 45, busyCelsius: 68, timeConstantMs: 40_000, softLimitCelsius: 60 },
    networkInterface: "eth0",
  },
  "pi-zero-2w": {
    board: {
      ...common,
      model: "Raspberry Pi Zero 2 W Rev 1.0",
      family: "pi-zero-2w",
      revision: "902120",
      cpuCores: 4,
      memoryBytes: GIBIBYTE / 2,
      gpioChips: bcm2835Chips,
      i2cBuses: [1],
      spiDevices: ["0.0"],
      pwmChips: [{ name: "pwmchip0", channels: 2 }],
      storage: sdCard(16),
    },
    thermal: { idleCelsius: 39, busyCelsius: 70, timeConstantMs: 20_000, softLimitCelsius: null },
    networkInterface: "wlan0",
  },
  cm4: {
    board: {
      ...common,
      model: "Raspberry Pi Compute Module 4 Rev 1.1",
      family: "cm4",
      revision: "c03141",
      cpuCores: 4,
      memoryBytes: 4 * GIBIBYTE,
      gpioChips: bcm2711Chips,
      i2cBuses: [0, 1],
      spiDevices: ["0.0", "0.1"],
      pwmChips: [{ name: "pwmchip0", channels: 2 }],
      storage: [{ name: "mmcblk0", type: "emmc", bytes: 32 * GIBIBYTE, root: true }],
    },
    thermal: { idleCelsius: 44, busyCelsius: 72, timeConstantMs: 30_000, softLimitCelsius: null },
    networkInterface: "eth0",
  },
} as const satisfies Record<string, SimulatedBoard>;

export type SimulatedBoardName = keyof typeof simulatedBoards;
export const simulatedBoardNames = Object.keys(simulatedBoards) as SimulatedBoardName[];
