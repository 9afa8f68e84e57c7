import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPinHardware } from "./open-pin-hardware.ts";
import type { PinHardwareOptions } from "./pin-hardware.ts";
import { type SimulatedBoardName, simulatedBoardNames } from "./simulated/boards.ts";
import { simulatedMachine } from "./simulated/simulated-machine.ts";

const clock = systemClock();
const output = { direction: "output", activeLow: false, drive: "push-pull", level: "high" } as const;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pi-controller-pins-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const simulated = (board: SimulatedBoardName) =>
  simulatedMachine({ clock, random: seededRandom(1) }, { board, hostname: "pi-test" }).detect();

function open(board: Board, options: Partial<PinHardwareOptions> = {}) {
  return openPinHardware({ clock, logger: silentLogger }, board, {
    driver: "auto",
    chip: "",
    pigpiodAddress: "127.0.0.1:8888",
    simulationFile: join(directory, "board-pins"),
    ...options,
  });
}

describe("openPinHardware", () => {
  it.each(simulatedBoardNames)("simulates the whole header of a simulated %s", async (name) => {
    const board = await simulated(name);
    const hardware = open(board);
    expect(hardware.kind).toBe("none");
    await hardware.start(AbortSignal.timeout(5_000));
    expect(hardware).toMatchObject({ kind: "simulated", problem: null });
    await hardware.gpio.configure(new Map([[27, output]]));
    expect(hardware.simulation?.pins.level(27)).toBe("high");
    expect(hardware.pwm.outputs().filter(({ method }) => method === "hardware")).toHaveLength(
      hardware.header.pwm.length,
    );
    expect(hardware.i2c.buses()).toContain(1);
    expect(await hardware.i2c.scan(1)).toEqual(board.i2cBuses[0] === 1 ? [0x48] : []);
    expect(hardware.spi.devices()).toContain("0.0");
    await hardware.stop();
    await expect(hardware.gpio.read([27])).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("leaves out buses of a simulated board that are not on the header", async () => {
    const hardware = open(await simulated("pi-5"));
    await hardware.start(AbortSignal.timeout(5_000));
    expect(hardware.i2c.buses()).toEqual([1]);
    expect(hardware.spi.devices()).toEqual(["0.0", "0.1"]);
    await hardware.stop();
  });

  it("reads from the start what its file says of the wires", async () => {
    writeFileSync(join(directory, "board-pins"), "GPIO4 high");
    const hardware = open(await simulated("pi-4"));
    await hardware.start(AbortSignal.timeout(5_000));
    expect(hardware.simulation?.pins.level(4)).toBe("high");
    await hardware.stop();
  });

  it("simulates the header of a Pi 4 on another machine when asked to", async () => {
    const hardware = open(generic, { driver: "simulated" });
    await hardware.start(AbortSignal.timeout(5_000));
    expect(hardware.kind).toBe("simulated");
    expect(hardware.header.places).toHaveLength(40);
    expect(hardware.i2c.buses()).toEqual([1]);
    await hardware.stop();
  });

  it("has no GPIO on another machine, and says why at each call", async () => {
    const hardware = open(generic);
    await hardware.start(AbortSignal.timeout(5_000));
    expect(hardware).toMatchObject({ kind: "none", problem: expect.stringContaining("gpio-chip") });
    expect(hardware.header.places).toEqual([]);
    const refused = { code: "FAILED_PRECONDITION", message: hardware.problem };
    await expect(hardware.gpio.configure(new Map([[1, output]]))).rejects.toMatchObject(refused);
    await expect(hardware.i2c.scan(1)).rejects.toMatchObject(refused);
    await hardware.gpio.release(1, "input");
    await hardware.stop();
  });

  it("offers the lines of a chip that was named, as far as a header has places", () => {
    const hardware = open(generic, { chip: "INT34C5" });
    expect(hardware.header.places).toHaveLength(40);
    expect(open(generic, { chip: "gpiochip1" }).header.places).toHaveLength(8);
  });

  it("starts a second time, and stops without a start", async () => {
    const hardware = open(await simulated("pi-3"));
    await hardware.stop();
    for (let round = 0; round < 2; round++) {
      await hardware.start(AbortSignal.timeout(5_000));
      await hardware.gpio.configure(new Map([[5, output]]));
      await hardware.stop();
    }
  });
});

const generic: Board = {
  model: "A machine",
  family: "generic",
  revision: "",
  architecture: "x64",
  cpuCores: 2,
  memoryBytes: 2 ** 30,
  gpioChips: [
    { name: "gpiochip0", label: "INT34C5", lines: 300 },
    { name: "gpiochip1", label: "expander", lines: 8 },
  ],
  i2cBuses: [0, 7],
  spiDevices: [],
  pwmChips: [],
  storage: [],
  operatingSystem: "Debian",
  kernel: "6.12",
  hostname: "machine",
  simulated: false,
};
