import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GuestRequest } from "../kernel/guest/request.ts";
import { type ChipOptions, HEADER_LABELS } from "../kernel/support/simulated-chip.ts";
import { kernelImage } from "./kernel-build.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const MEMORY_MB = 1_024;
const MAX_OUTPUT_CHARACTERS = 5_000_000;
/** As the Pi 4's chip has; that of other models has 54. */
const LINES = 58;
const HEADER_LINES = 28;

export interface KernelRun {
  /** Path of a program in TypeScript or JavaScript. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Label of the chip of the header, `pinctrl-bcm2711` by itself. */
  readonly gpioLabel?: string;
  /** How many lines that chip has; the first 28 are named GPIO0 to GPIO27. */
  readonly lines?: number;
  /** More chips than that one. */
  readonly moreChips?: readonly ChipOptions[];
  /** A directory of the machine that the guest sees as `/tmp/exchange` and can write to. */
  readonly exchangeDirectory?: string;
  /** For boot and program together. */
  readonly withinMs: number;
  /** Told of output as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface KernelRunResult {
  /** 1 when a signal ended the program. */
  readonly exitCode: number;
  /** What the program wrote to its standard output and error. */
  readonly output: string;
}

/**
 * Runs a program under a kernel of its own, which has GPIO, I2C, SPI and PWM interfaces without hardware: User Mode
 * Linux, a process of this machine that any user may start. The guest sees the machine's files but cannot change
 * them; nothing stays of what it writes elsewhere than in the exchange directory. Its network is its own loopback.
 *
 * @throws Error when the guest ends in another way than the program's end, or not in time; with its output
 */
export async function runInKernel(run: KernelRun): Promise<KernelRunResult> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-kernel-"));
  try {
    const exchange = run.exchangeDirectory ?? directory;
    const endMark = `guest-${randomUUID()}`;
    const request: GuestRequest = {
      script: run.script,
      args: run.args ?? [],
      env: run.env ?? {},
      chips: [headerChip(run), ...(run.moreChips ?? [])],
      endMark,
    };
    writeFileSync(join(exchange, "request.json"), JSON.stringify(request));
    return await boot({ run, directory, exchange, endMark });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function headerChip({ gpioLabel = HEADER_LABELS.pi4, lines = LINES }: KernelRun): ChipOptions {
  const named = Math.min(lines, HEADER_LINES);
  return {
    name: "header",
    label: gpioLabel,
    lines,
    lineNames: Array.from({ length: named }, (_, line) => `GPIO${line}`),
  };
}

interface Boot {
  readonly run: KernelRun;
  readonly directory: string;
  readonly exchange: string;
  readonly endMark: string;
}

function boot({ run, directory, exchange, endMark }: Boot): Promise<KernelRunResult> {
  const commandLine = [
    ...[`mem=${MEMORY_MB}M`, "rootfstype=hostfs", "rootflags=/", "ro", "quiet"],
    ...["con=null", "con0=null,fd:1", `uml_dir=${directory}/`, "umid=guest"],
    "i2c-stub.chip_addr=0x48,0x76",
    `init=${join(REPOSITORY, "test/kernel/guest/init.sh")}`,
    // Whatever the kernel does not know it hands to the first process as variables.
    ...[`repository=${REPOSITORY.replace(/\/$/, "")}`, `exchange=${exchange}`, `node=${process.execPath}`],
  ];
  return new Promise((resolve, reject) => {
    // It ends with this process however that ends.
    const guest = spawn("setpriv", ["--pdeathsig", "KILL", kernelImage, ...commandLine], {
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, with a process for each address space of the guest.
      detached: true,
      env: { PATH: process.env.PATH, TMPDIR: memoryDirectory(directory) },
    });
    let output = "";
    let exitCode: number | undefined;
    const fail = (reason: string) => reject(new Error(`The guest ${reason}:\n${output}`));
    const deadline = setTimeout(() => {
      fail(`did not end within ${run.withinMs} ms`);
      killGroup(guest.pid);
    }, run.withinMs);
    const collect = (chunk: Buffer) => {
      const text = chunk.toString();
      output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
      run.onOutput?.(text.split(`\n${endMark}`)[0] ?? "");
      const end = output.indexOf(`\n${endMark} `);
      const line = /^\S+ (.*)\n/.exec(output.slice(end + 1))?.[1];
      if (end < 0 || line === undefined) return;
      exitCode = /^\d+$/.test(line) ? Number(line) : 1;
      output = output.slice(0, end);
      killGroup(guest.pid);
    };
    guest.stdout.on("data", collect);
    guest.stderr.on("data", collect);
    guest.on("error", (error) => fail(`could not be started: ${error.message}`));
    guest.on("close", () => {
      clearTimeout(deadline);
      killGroup(guest.pid);
      if (exitCode === undefined) fail("ended by itself");
      else resolve({ exitCode, output });
    });
  });
}

/**
 * Where the guest's memory lies: a file that grows as the guest uses it. Shared memory is faster than a disk, but a
 * container's may be small, and running out of it would kill the guest.
 */
function memoryDirectory(fallback: string): string {
  const sharedMemory = "/dev/shm";
  const executable = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .some((mount) => mount.includes(` ${sharedMemory} tmpfs `) && !mount.includes("noexec"));
  if (!executable) return fallback;
  const { bavail, bsize } = statfsSync(sharedMemory);
  return bavail * bsize > MEMORY_MB * 1024 * 1024 ? sharedMemory : fallback;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: all of them are gone.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
