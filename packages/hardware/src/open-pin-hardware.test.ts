import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, silentLogger, systemClock } from "@pi-controller/runtime";
import type { Board } from "@pi-controller/schema";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPinHardware } from "./open-pin-hardware.ts";
import type { PinHardwareOptions } from "./pin-hardware.ts";
import { type SimulatedBoardName, simulatedBoardNames } from "./simulated/boards.ts";
import { simulatedMachine } from "./simulated/simulated-machine.ts";

const clock = systemClock();
const output = { direction: "output", activeLow: false, drive: "push-pull", level: "high" } as const;
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

  it("tells which UARTs are on, unless the header is not that of the board", async () => {
    const board = { ...(await simulated("pi-4")), simulated: false, uarts: ["uart-1"] };
    expect(open(board, { driver: "gpiod" }).uarts).toEqual(["uart-1"]);
    expect(open(board, { driver: "simulated" }).uarts).toEqual([]);
    expect(open(await simulated("pi-5")).uarts).toEqual([]);
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

  describe("on a Pi", () => {
    const pi4: Board = {
      ...generic,
      family: "pi-4",
      gpioChips: [{ name: "gpiochip99", label: "pinctrl-bcm2711", lines: 58 }],
    };

    async function withServer(
      answer: (bytes: Buffer) => Buffer | undefined,
      test: (address: string) => Promise<void>,
      port = 0,
    ) {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => sockets.delete(socket));
        socket.on("data", (bytes) => {
          const answered = answer(bytes);
          if (answered !== undefined) socket.write(answered);
        });
      });
      await once(server.listen(port, "127.0.0.1"), "listening");
      try {
        await test(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      } finally {
        for (const socket of sockets) socket.destroy();
        await once(server.close(), "close");
      }
    }

    it("takes pigpio when its daemon answers", async () => {
      // Commands come back with a result, here always 0.
      const daemon = (bytes: Buffer) => Buffer.from(bytes.fill(0, 12));
      await withServer(daemon, async (pigpiodAddress) => {
        const hardware = open(pi4, { pigpiodAddress });
        await hardware.start(AbortSignal.timeout(5_000));
        expect(hardware).toMatchObject({ kind: "pigpio", problem: null });
        await hardware.stop();
      });
    });

    it("takes the kernel's interface when something else listens there, without waiting long", async () => {
      const silence = () => undefined;
      await withServer(silence, async (pigpiodAddress) => {
        const hardware = open(pi4, { pigpiodAddress });
        const startedMs = performance.now();
        await hardware.start(AbortSignal.timeout(5_000));
        expect(performance.now() - startedMs).toBeLessThan(2_000);
        expect(hardware).toMatchObject({ kind: "none", problem: expect.stringContaining("/dev/gpiochip99") });
        await hardware.stop();
      });
    });

    it("says what to do when pigpio was asked for and its daemon is not there, until it is", async () => {
      const spare = createServer();
      await once(spare.listen(0, "127.0.0.1"), "listening");
      const { port } = spare.address() as AddressInfo;
      await once(spare.close(), "close");
      const hardware = open(pi4, { driver: "pigpio", pigpiodAddress: `127.0.0.1:${port}` });
      await hardware.start(AbortSignal.timeout(5_000));
      expect(hardware).toMatchObject({ kind: "pigpio", problem: expect.stringContaining("apt install") });
      await expect(hardware.gpio.configure(new Map([[5, output]]))).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
      });
      const daemon = (bytes: Buffer) => Buffer.from(bytes.fill(0, 12));
      await withServer(
        daemon,
        async () => {
          await vi.waitFor(() => expect(hardware.problem).toBeNull(), { timeout: 10_000 });
          await hardware.gpio.configure(new Map([[5, output]]));
          await hardware.stop();
        },
        port,
      );
    });
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
