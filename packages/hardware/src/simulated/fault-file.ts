import { open } from "node:fs/promises";
import { type Clock, type Logger, repeat, type Service, type Timer } from "@pi-controller/runtime";
import { applyBoardFaults, type BoardFault, boardFaults, parseBoardFaults } from "./board-faults.ts";
import type { SimulatedControl } from "./simulated-machine.ts";

export interface FaultFileComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly control: SimulatedControl;
}

export interface FaultFileOptions {
  /** Path of the file; it need not exist. */
  readonly file: string;
}

const LOOK_INTERVAL_MS = 500;
/** All that is read of the file: it holds a few words. */
const MAX_BYTES = 1_024;

/**
 * Lets somebody outside the process tell a simulated board to overheat or to brown out: by writing the faults
 * into a file. Without the file, or with an empty one, the board is well.
 */
export class FaultFile implements Service {
  readonly name = "simulated-faults";
  readonly #components: FaultFileComponents;
  readonly #options: FaultFileOptions;
  #timer: Timer | undefined;
  #text = "";

  constructor(components: FaultFileComponents, options: FaultFileOptions) {
    this.#components = components;
    this.#options = options;
  }

  /** Looks at once, so that a board can be ill from its start. */
  async start(): Promise<void> {
    this.#timer?.cancel();
    this.#text = "";
    await this.look();
    this.#timer = repeat(
      this.#components.clock,
      () => LOOK_INTERVAL_MS,
      () => this.look(),
      () => {},
    );
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Reads the file and does what it says, when that has changed. Never throws: a file that cannot be read is told. */
  async look(): Promise<void> {
    const text = await this.#read();
    if (text === undefined || text === this.#text) return;
    this.#text = text;
    const { control, logger } = this.#components;
    const { faults, unknown } = parseBoardFaults(text);
    if (unknown.length > 0) {
      logger.warn(
        { file: this.#options.file, unknown },
        `There are no such faults of a simulated board; there are ${boardFaults.join(" and ")}`,
      );
    }
    applyBoardFaults(control, faults);
    logger.info({ faults: [...faults] }, told(faults));
  }

  /** @returns undefined when the file is there but cannot be read: nothing changes then */
  async #read(): Promise<string | undefined> {
    try {
      const file = await open(this.#options.file, "r");
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
        return buffer.toString("utf8", 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      this.#components.logger.debug({ err: error, file: this.#options.file }, "The faults cannot be read");
      return undefined;
    }
  }
}

function told(faults: ReadonlySet<BoardFault>): string {
  return faults.size === 0 ? "The simulated board is well" : "The simulated board was given faults";
}
