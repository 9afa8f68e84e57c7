import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pigpiodProgram } from "./pigpiod-build.ts";
import { waitFor } from "./wait.ts";

const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 5_000;

/** A pigpiod that believes to run on a Pi 4. */
export interface RunningPigpiod {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
  /** Has something outside drive a pin (0-31) that is an input; undefined takes the wire off, so that pulls count. */
  setWire(gpio: number, level: 0 | 1 | undefined): void;
}

/**
 * Starts a pigpiod whose registers are memory, on a free port; several may run, and any user may start one.
 *
 * @throws Error with what it said, when it does not come up
 */
export async function startPigpiod(): Promise<RunningPigpiod> {
  const directory = mkdtempSync(join(tmpdir(), "pi-controller-pigpiod-"));
  const wires = new Wires(join(directory, "wires"));
  // In the foreground, over IPv4 on the loopback alone, without a named pipe for commands.
  const command = [pigpiodProgram, "-g", "-l", "-n", "127.0.0.1", "-f"];
  // It ends with this process however that ends.
  const daemon = spawn("setpriv", ["--pdeathsig", "KILL", ...command], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, PIGPIO_PORT: "0", PIGPIOD_WIRES: wires.file },
  });
  let output = "";
  let ended = false;
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  daemon.stdout.on("data", collect);
  daemon.stderr.on("data", collect);
  daemon.on("error", collectError);
  daemon.on("close", () => {
    ended = true;
  });
  function collectError(error: Error): void {
    output += error.message;
    ended = true;
  }
  const stop = async () => {
    daemon.kill("SIGTERM");
    try {
      await waitFor("pigpiod has ended", () => ended, { withinMs: STOP_WITHIN_MS });
    } finally {
      daemon.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    }
  };
  try {
    const port = await waitFor("pigpiod listens", () => ended || /^port (\d+)$/m.exec(output)?.[1], {
      withinMs: START_WITHIN_MS,
    });
    if (port === true) throw new Error("It ended");
    return { port: Number(port), stop, setWire: (gpio, level) => wires.set(gpio, level) };
  } catch (error) {
    await stop();
    throw new Error(`pigpiod did not start: ${output}`, { cause: error });
  }
}

/** The file with what is outside of the pins, which the daemon maps: a word of what is driven, a word of levels. */
class Wires {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
    writeFileSync(file, Buffer.alloc(8));
  }

  set(gpio: number, level: 0 | 1 | undefined): void {
    const words = readFileSync(this.file);
    const bit = 1 << gpio;
    const put = (offset: number, on: boolean) => {
      const word = words.readInt32LE(offset);
      words.writeInt32LE(on ? word | bit : word & ~bit, offset);
    };
    put(4, level === 1);
    put(0, level !== undefined);
    // In place: a truncated file would be a bus error in the daemon.
    writeFileSync(this.file, words, { flag: "r+" });
  }
}
