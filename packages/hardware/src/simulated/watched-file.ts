import { open } from "node:fs/promises";
import { type Clock, type Logger, repeat, type Service, type Timer } from "@pi-controller/runtime";

export interface WatchedFileComponents {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface WatchedFileOptions {
  /** Of the service. */
  readonly name: string;
  /** Path of the file; it need not exist, which is the same as an empty one. */
  readonly file: string;
  readonly intervalMs: number;
  /** All that is read of the file. */
  readonly maxBytes: number;
  /** Called with the text whenever it has changed, and at the start unless it is empty. Must not throw. */
  readonly onText: (text: string) => void;
}

/** A text file by which somebody outside the process tells it something, looked at again and again. */
export class WatchedFile implements Service {
  readonly name: string;
  readonly #components: WatchedFileComponents;
  readonly #options: WatchedFileOptions;
  #timer: Timer | undefined;
  #text = "";

  constructor(components: WatchedFileComponents, options: WatchedFileOptions) {
    this.name = options.name;
    this.#components = components;
    this.#options = options;
  }

  /** Looks at once, so that what the file says holds from the start. */
  async start(): Promise<void> {
    this.#timer?.cancel();
    this.#text = "";
    await this.look();
    this.#timer = repeat(
      this.#components.clock,
      () => this.#options.intervalMs,
      () => this.look(),
      () => {},
    );
  }

  /** What the file said last goes on to hold. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Reads the file, and tells its text when that has changed. Never throws: a file that cannot be read is told, and changes nothing. */
  async look(): Promise<void> {
    const text = await this.#read();
    if (text === undefined || text === this.#text) return;
    this.#text = text;
    this.#options.onText(text);
  }

  async #read(): Promise<string | undefined> {
    const { file, maxBytes } = this.#options;
    try {
      const handle = await open(file, "r");
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
        return buffer.toString("utf8", 0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      this.#components.logger.debug({ err: error, file }, "The file of a simulated board cannot be read");
      return undefined;
    }
  }
}
