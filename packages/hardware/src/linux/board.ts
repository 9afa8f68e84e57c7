import { arch, availableParallelism, hostname, release } from "node:os";
import type { Board } from "@pi-controller/schema";
import type { FileTree } from "./file-tree.ts";
import { findGpioChips } from "./gpio-chips.ts";
import type { Inventory } from "./inventory.ts";
import { machineName } from "./machine-name.ts";
import { parseAssignment, parseCpuInfo, parseMemory } from "./parse.ts";
import { decodeRevision, familyFromModel } from "./revision.ts";
import { findStorage } from "./storage.ts";
import { headerUarts } from "./uarts.ts";

/**
 * Reads what the machine is from its files.
 *
 * @param inventory names a machine of which no file says what it is
 * @param attempt runs one reading, and gives its second argument when that fails
 */
export async function detectBoard(
  files: FileTree,
  inventory: Inventory | undefined,
  attempt: <T>(what: string, read: () => Promise<T>, otherwise: T) => Promise<T>,
): Promise<Board> {
  const cpuInfo = await attempt("CPU information", async () => (await files.text("proc/cpuinfo")) ?? "", "");
  const treeModel = await attempt("board model", () => files.text("proc/device-tree/model"), undefined);
  const revision = await attempt("board revision", () => revisionCode(files, cpuInfo), "");
  const decoded = decodeRevision(revision);
  const serial = await attempt("serial number", () => serialNumber(files, cpuInfo), undefined);
  const devices = await attempt("device files", () => files.list("dev"), []);
  const model =
    treeModel ??
    parseCpuInfo(cpuInfo, "Model") ??
    (await attempt("machine name", () => machineName(files), undefined)) ??
    (await attempt("model", inventory ?? none, ""));
  return {
    model: model === "" ? "Unknown machine" : model,
    // A PC's CPU information may hold a word "revision" too: only a Raspberry Pi's is one of these codes.
    family: model.startsWith("Raspberry Pi") ? (decoded?.family ?? familyFromModel(model)) : "generic",
    revision,
    ...(serial === undefined ? {} : { serial }),
    architecture: arch(),
    cpuCores: Math.max(cpuInfo.match(/^processor\s*:/gm)?.length ?? availableParallelism(), 1),
    memoryBytes: decoded?.memoryBytes ?? (await attempt("memory size", () => memoryBytes(files), 0)),
    gpioChips: await attempt("GPIO chips", () => findGpioChips(files), []),
    i2cBuses: devices.flatMap((name) => /^i2c-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []),
    spiDevices: devices.flatMap((name) => /^spidev(\d+\.\d+)$/.exec(name)?.slice(1) ?? []),
    uarts: await attempt("UARTs", () => headerUarts(files), []),
    pwmChips: await attempt("PWM chips", () => pwmChips(files), []),
    storage: await attempt("storage", () => findStorage(files), []),
    operatingSystem: await attempt("operating system", () => operatingSystem(files), "Linux"),
    kernel: (await attempt("kernel", () => files.text("proc/sys/kernel/osrelease"), undefined)) ?? release(),
    hostname:
      (await attempt("host name", () => files.text("proc/sys/kernel/hostname"), undefined)) ?? hostname(),
    simulated: false,
  };
}

async function none(): Promise<string> {
  return "";
}

/** In hexadecimal without leading zeros, or empty. Recent kernels for arm64 have it in the device tree only. */
async function revisionCode(files: FileTree, cpuInfo: string): Promise<string> {
  const fromTree = await files.bytes("proc/device-tree/system/linux,revision");
  if (fromTree?.length === 4) return fromTree.readUInt32BE(0).toString(16);
  return (parseCpuInfo(cpuInfo, "Revision") ?? "").toLowerCase();
}

async function serialNumber(files: FileTree, cpuInfo: string): Promise<string | undefined> {
  return (await files.text("proc/device-tree/serial-number")) ?? parseCpuInfo(cpuInfo, "Serial");
}

async function memoryBytes(files: FileTree): Promise<number> {
  return parseMemory((await files.text("proc/meminfo")) ?? "").totalBytes;
}

async function pwmChips(files: FileTree): Promise<Board["pwmChips"]> {
  const names = (await files.list("sys/class/pwm")).filter((name) => name.startsWith("pwmchip"));
  const channels = names.map(async (name) => (await files.number(`sys/class/pwm/${name}/npwm`)) ?? 0);
  return (await Promise.all(channels)).map((count, index) => ({ name: names[index] ?? "", channels: count }));
}

async function operatingSystem(files: FileTree): Promise<string> {
  const osRelease = (await files.text("etc/os-release")) ?? (await files.text("usr/lib/os-release")) ?? "";
  return parseAssignment(osRelease, "PRETTY_NAME") ?? "Linux";
}
