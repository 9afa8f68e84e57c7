import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, silentLogger, systemClock } from "@pi-controller/runtime";
import { afterAll, describe, expect, it } from "vitest";
import { describeMachineContract } from "../machine-contract.ts";
import { linuxMachine } from "./linux-machine.ts";
import { type Files, pi4, pi5, piZero2W, writeFiles } from "./pi-fixtures.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const clock = { now: () => Date.UTC(2026, 10, 21) };

function machineWith(files: Files) {
  const root = mkdtempSync(join(tmpdir(), "machine-"));
  folders.push(root);
  writeFiles(root, files);
  const logged: string[] = [];
  const note = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`);
  const logger: Logger = { ...silentLogger, info: note, warn: note };
  const write = (path: string, text: string) => writeFileSync(join(root, path), text);
  return { root, logged, write, machine: linuxMachine({ clock, logger }, { root }) };
}

for (const [name, files] of Object.entries({ "a Pi 5": pi5, "a Pi 4": pi4, "a Pi Zero 2 W": piZero2W })) {
  describeMachineContract(`linuxMachine on the files of ${name}`, async () => {
    const { root, write, machine } = machineWith(files);
    const work = async () => {
      const ticks = readFileSync(join(root, "proc/stat"), "utf8").split(" ").map(Number);
      write("proc/stat", `cpu  ${(ticks[2] ?? 0) + 30} 10 500 ${(ticks[5] ?? 0) + 70} 200 0 40 0 0 0\n`);
    };
    return { machine, work };
  });
}

describeMachineContract("linuxMachine on this machine", async () => ({
  machine: linuxMachine({ clock: systemClock(), logger: silentLogger }),
  async work() {
    // The kernel counts CPU time in ticks of 10 ms: let some pass.
    const before = readFileSync("/proc/stat", "utf8").split("\n")[0];
    while (readFileSync("/proc/stat", "utf8").split("\n")[0] === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
}));

const GIBIBYTE = 2 ** 30;

describe("linuxMachine", () => {
  it("recognises a Pi 5 with all that it has", async () => {
    const { machine } = machineWith(pi5);
    expect(await machine.detect()).toEqual({
      model: "Raspberry Pi 5 Model B Rev 1.0",
      family: "pi-5",
      revision: "d04170",
      serial: "5f1e0c2d3b4a5968",
      architecture: process.arch,
      cpuCores: 4,
      memoryBytes: 8 * GIBIBYTE,
      gpioChips: [
        { name: "gpiochip0", label: "pinctrl-rp1", lines: 54 },
        { name: "gpiochip10", label: "gpio-brcmstb@107d508500", lines: 32 },
        { name: "gpiochip11", label: "gpio-brcmstb@107d508500", lines: 4 },
      ],
      i2cBuses: [1, 13, 14],
      spiDevices: ["0.0", "10.0"],
      uarts: [],
      pwmChips: [{ name: "pwmchip0", channels: 4 }],
      storage: [
        { name: "mmcblk0", type: "sd-card", bytes: 63_864_569_856, root: false },
        { name: "nvme0n1", type: "nvme", bytes: 256_060_514_304, root: true },
      ],
      operatingSystem: "Debian GNU/Linux 12 (bookworm)",
      kernel: "6.12.47+rpt-rpi-2712",
      hostname: "pi-five",
      simulated: false,
    });
  });

  it("recognises a Pi 4 by its CPU information, its card by the device number of /, its disk on USB", async () => {
    const board = await machineWith(pi4).machine.detect();
    expect(board).toMatchObject({ family: "pi-4", revision: "c03114", memoryBytes: 4 * GIBIBYTE });
    expect(board.storage.map(({ name, type, root }) => [name, type, root])).toEqual([
      ["mmcblk0", "sd-card", true],
      ["sda", "usb", false],
    ]);
    expect(board.gpioChips.map(({ label }) => label)).toEqual(["pinctrl-bcm2711", "raspberrypi-exp-gpio"]);
  });

  it("recognises a Zero 2 W, and its header by the device tree where sysfs does not label it", async () => {
    const board = await machineWith(piZero2W).machine.detect();
    expect(board).toMatchObject({ family: "pi-zero-2w", memoryBytes: GIBIBYTE / 2, cpuCores: 4 });
    expect(board.gpioChips).toEqual([
      { name: "gpiochip0", label: "pinctrl-bcm2835", lines: 54 },
      { name: "gpiochip1", label: "expander", lines: 0 },
    ]);
  });

  it("prefers the numbering of newer kernels for GPIO chips", async () => {
    const { machine } = machineWith({
      ...piZero2W,
      "sys/class/gpio/chip0/label": "pinctrl-bcm2837\n",
      "sys/class/gpio/chip0/ngpio": "54\n",
    });
    expect((await machine.detect()).gpioChips[0]?.label).toBe("pinctrl-bcm2837");
  });

  it("tells eMMC from a card", async () => {
    const { machine } = machineWith({ ...pi4, "sys/block/mmcblk0/device/type": "MMC\n" });
    expect((await machine.detect()).storage[0]?.type).toBe("emmc");
  });

  it.each([
    ["its vendor and product", { vendor: "Dell Inc.", product: "OptiPlex 7010" }, "Dell Inc. OptiPlex 7010"],
    ["its product alone", { vendor: "", product: "KVM" }, "KVM"],
    ["the container that it is", { vendor: "", product: "" }, "Container"],
  ])("names a machine without a device tree by %s", async (_, { vendor, product }, name) => {
    const { machine } = machineWith({
      "sys/class/dmi/id/sys_vendor": `${vendor}\n`,
      "sys/class/dmi/id/product_name": `${product}\n`,
      ".dockerenv": "",
    });
    expect(await machine.detect()).toMatchObject({ model: name, family: "generic" });
  });

  it("finds something to say about a machine without any files", async () => {
    const { machine, logged } = machineWith({});
    expect(await machine.detect()).toMatchObject({
      model: "Unknown machine",
      family: "generic",
      gpioChips: [],
    });
    const sample = await machine.sample();
    expect(sample).toMatchObject({ cpuUsage: null, temperatureCelsius: null, throttling: null, network: [] });
    expect(logged.length).toBeGreaterThan(0);
  });

  it("measures a Pi: temperature, flags, memory, and the interfaces with hardware behind them", async () => {
    const sample = await machineWith(pi4).machine.sample();
    expect(sample).toMatchObject({
      time: "2026-11-21T00:00:00.000Z",
      uptimeSeconds: 35_123.45,
      load: [0.52, 0.58, 0.59],
      temperatureCelsius: 85.2,
      memoryTotalBytes: 3_884_360 * 1024,
      memoryUsedBytes: (3_884_360 - 3_100_000) * 1024,
      throttling: { underVoltage: true, throttled: true, frequencyCapped: false, underVoltageOccurred: true },
      network: [{ name: "eth0", receivedBytes: 1_000, sentBytes: 2_000 }],
    });
    expect(sample.diskTotalBytes).toBeGreaterThan(0);
    const five = await machineWith(pi5).machine.sample();
    expect(five.network.map(({ name }) => name)).toEqual(["eth0", "wlan0"]);
    const zero = await machineWith(piZero2W).machine.sample();
    expect([zero.temperatureCelsius, zero.throttling]).toEqual([39.166, null]);
  });

  it("measures CPU usage between two samples, waiting for the disk not counted as work", async () => {
    const { machine, write } = machineWith(pi5);
    await machine.sample();
    write("proc/stat", "cpu  1030 10 510 8050 210 0 40 0 0 0\n");
    expect((await machine.sample()).cpuUsage).toBeCloseTo(0.4);
    expect((await machine.sample()).cpuUsage).toBeNull();
  });

  it("goes on without a sensor that fails, says so once, and once more when it works again", async () => {
    const { root, machine, write, logged } = machineWith(pi5);
    await machine.sample();
    rmSync(join(root, "sys/class/thermal/thermal_zone0/temp"));
    // Reading a folder fails as a broken sensor does, with an error and not with "not there".
    mkdirSync(join(root, "sys/class/thermal/thermal_zone0/temp"));
    for (let round = 0; round < 5; round++) {
      const sample = await machine.sample();
      expect(sample.temperatureCelsius).toBeNull();
      expect(sample.memoryTotalBytes).toBeGreaterThan(0);
    }
    expect(logged.filter((text) => text.includes('"temperature"'))).toHaveLength(1);
    rmSync(join(root, "sys/class/thermal/thermal_zone0/temp"), { recursive: true });
    write("sys/class/thermal/thermal_zone0/temp", "50000\n");
    expect((await machine.sample()).temperatureCelsius).toBe(50);
    expect(logged.filter((text) => text.includes('"temperature"'))).toHaveLength(2);
  });

  it("gives nothing for flags and numbers that are not what they should be", async () => {
    const { machine, write } = machineWith(pi5);
    write("sys/class/thermal/thermal_zone0/temp", "warm\n");
    write("sys/bus/platform/drivers/raspberrypi-firmware/soc@107c000000:firmware/get_throttled", "?\n");
    write("proc/loadavg", "high\n");
    write("proc/stat", "nothing\n");
    write("proc/uptime", "");
    expect(await machine.sample()).toMatchObject({
      temperatureCelsius: null,
      throttling: null,
      load: [0, 0, 0],
      cpuUsage: null,
      uptimeSeconds: 0,
    });
  });
});
