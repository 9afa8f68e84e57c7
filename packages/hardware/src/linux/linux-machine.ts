import { statfs } from "node:fs/promises";
import type { Clock, Logger } from "@pi-controller/runtime";
import type { Board, MetricsSample, Throttling } from "@pi-controller/schema";
import type { Machine } from "../machine.ts";
import { decodeThrottling, parseThrottlingBits } from "../throttling.ts";
import { detectBoard } from "./board.ts";
import { FileTree } from "./file-tree.ts";
import { findThrottlingSource, type ThrottlingSource } from "./firmware.ts";
import { askSystemInformation } from "./inventory.ts";
import {
  type CpuTimes,
  cpuUsage,
  parseCpuTimes,
  parseLoad,
  parseMemory,
  parseNetworkCounters,
  parseUptime,
} from "./parse.ts";
import { findTemperatureFile } from "./temperature.ts";

export interface LinuxMachineComponents {
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
}

export interface LinuxMachineOptions {
  /** Folder in which /proc, /sys, /dev and /etc are looked for. Anything but `/` is a copy, as tests use. */
  readonly root: string;
}

/** As many as the schema of a sample takes. */
const MAX_INTERFACES = 32;

/** The Linux machine that this process runs on, a Raspberry Pi or any other. */
export function linuxMachine(
  components: LinuxMachineComponents,
  options: LinuxMachineOptions = { root: "/" },
): Machine {
  return new LinuxMachine(components, options);
}

class LinuxMachine implements Machine {
  readonly #clock: Pick<Clock, "now">;
  readonly #logger: Logger;
  readonly #files: FileTree;
  readonly #reported = new Set<string>();
  #cpuTimes: CpuTimes | undefined;
  #sensors: Promise<Sensors> | undefined;

  constructor(components: LinuxMachineComponents, options: LinuxMachineOptions) {
    this.#clock = components.clock;
    this.#logger = components.logger;
    this.#files = new FileTree(options.root);
  }

  detect(): Promise<Board> {
    const inventory = this.#isOwn() ? askSystemInformation : undefined;
    return detectBoard(this.#files, inventory, (what, read, otherwise) =>
      this.#attempt(what, read, otherwise),
    );
  }

  async sample(): Promise<MetricsSample> {
    this.#sensors ??= this.#findSensors();
    const sensors = await this.#sensors;
    const [usage, load, memory, disk, temperatureCelsius, throttling, network, uptimeSeconds] =
      await Promise.all([
        this.#attempt("CPU usage", () => this.#cpuUsage(), null),
        this.#attempt("load", async () => parseLoad(await this.#proc("loadavg")), NO_LOAD),
        this.#attempt("memory", async () => parseMemory(await this.#proc("meminfo")), NO_MEMORY),
        this.#attempt("disk", () => this.#disk(), NO_DISK),
        this.#attempt("temperature", () => this.#temperature(sensors), null),
        this.#attempt("throttling", () => throttlingFrom(sensors.throttling), null),
        this.#attempt("network", () => this.#network(), []),
        this.#attempt("uptime", async () => parseUptime(await this.#proc("uptime")), 0),
      ]);
    return {
      time: new Date(this.#clock.now()).toISOString(),
      uptimeSeconds,
      cpuUsage: usage,
      load,
      memoryUsedBytes: memory.usedBytes,
      memoryTotalBytes: memory.totalBytes,
      diskUsedBytes: disk.usedBytes,
      diskTotalBytes: disk.totalBytes,
      temperatureCelsius,
      throttling,
      network,
      processMemoryBytes: process.memoryUsage.rss(),
    };
  }

  /** True when the files are this machine's own, so that commands and system calls tell of the same one. */
  #isOwn(): boolean {
    return this.#files.root === "/";
  }

  async #findSensors(): Promise<Sensors> {
    return {
      temperatureFile: await this.#attempt(
        "search for sensors",
        () => findTemperatureFile(this.#files),
        undefined,
      ),
      throttling: await this.#attempt(
        "search for throttling flags",
        () => findThrottlingSource(this.#files, this.#isOwn()),
        undefined,
      ),
    };
  }

  async #cpuUsage(): Promise<number | null> {
    const before = this.#cpuTimes;
    const after = parseCpuTimes(await this.#proc("stat"));
    this.#cpuTimes = after;
    return before === undefined ? null : cpuUsage(before, after);
  }

  async #disk(): Promise<{ usedBytes: number | null; totalBytes: number | null }> {
    const { blocks, bfree, bsize } = await statfs(this.#files.root);
    return { usedBytes: (blocks - bfree) * bsize, totalBytes: blocks * bsize };
  }

  async #temperature({ temperatureFile }: Sensors): Promise<number | null> {
    if (temperatureFile === undefined) return null;
    const thousandths = await this.#files.number(temperatureFile);
    return thousandths === undefined ? null : thousandths / 1000;
  }

  /** Only interfaces with a device behind them: what a bridge or a pod's link carries is in those again. */
  async #network(): Promise<MetricsSample["network"]> {
    const all = parseNetworkCounters(await this.#proc("net/dev")).filter(({ name }) => name !== "lo");
    const links = await Promise.all(all.map(({ name }) => this.#files.list(`sys/class/net/${name}/device`)));
    const physical = all.filter((_, index) => (links[index] ?? []).length > 0);
    return (physical.length > 0 ? physical : all).slice(0, MAX_INTERFACES);
  }

  async #proc(name: string): Promise<string> {
    const text = await this.#files.text(`proc/${name}`);
    if (text === undefined) throw new Error(`/proc/${name} is missing`);
    return text;
  }

  /** A sensor that fails is reported once, and again only after it has worked in between. */
  async #attempt<T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      const value = await read();
      if (this.#reported.delete(what)) this.#logger.info({ sensor: what }, "A sensor works again.");
      return value;
    } catch (error) {
      if (!this.#reported.has(what)) {
        this.#reported.add(what);
        this.#logger.warn({ sensor: what, error }, "A sensor cannot be read; its values stay empty.");
      }
      return otherwise;
    }
  }
}

interface Sensors {
  readonly temperatureFile: string | undefined;
  readonly throttling: ThrottlingSource | undefined;
}

const NO_LOAD: MetricsSample["load"] = [0, 0, 0];
const NO_MEMORY = { usedBytes: 0, totalBytes: 0 };
const NO_DISK = { usedBytes: null, totalBytes: null };

async function throttlingFrom(source: ThrottlingSource | undefined): Promise<Throttling | null> {
  const text = await source?.();
  return text === undefined ? null : decodeThrottling(parseThrottlingBits(text));
}
