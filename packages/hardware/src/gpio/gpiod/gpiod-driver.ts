import { closeSync } from "node:fs";
import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import type { Board, Level } from "@pi-controller/schema";
import { allFeatures, type Edge, type GpioDriver, type LineConfig, type LineLevel } from "../gpio-driver.ts";
import { noOutput, noSuchLine, notStarted, notTaken, takenElsewhere } from "../gpio-errors.ts";
import { isAskedFor } from "../levels.ts";
import { EdgeReader } from "./edge-reader.ts";
import { chipInfo, openChip } from "./find-chip.ts";
import { type GpioKernel, loadGpioKernel } from "./gpio-kernel.ts";
import { gpiodError } from "./gpiod-errors.ts";
import { LineRequest } from "./line-request.ts";
import { calls, decodeLineInfo, lineInfoOf } from "./uapi.ts";

export interface GpiodDriverComponents {
  readonly logger: Logger;
}

export interface GpiodDriverOptions {
  /** Label of the chip, as `pinctrl-rp1`, or its name, as `gpiochip0`. A line's number is its place on the chip. */
  readonly chip: string;
  /** The chips of this board; one that is not among them is looked for. */
  readonly chips: Board["gpioChips"];
}

/**
 * The kernel's GPIO character device, version 2, called without a library in between. Its native part is loaded by
 * the first line that is set up.
 */
export function gpiodDriver(components: GpiodDriverComponents, options: GpiodDriverOptions): GpioDriver {
  return new GpiodDriver(components, options);
}

interface Watched {
  readonly reader: EdgeReader;
  close(): void;
}

class GpiodDriver implements GpioDriver {
  readonly name = "gpiod";
  /** A chip that lacks one of these has it from the kernel, or refuses the line with UNIMPLEMENTED. */
  readonly features = allFeatures;
  readonly #logger: Logger;
  readonly #options: GpiodDriverOptions;
  readonly #requests = new Map<number, LineRequest>();
  readonly #watched = new Map<LineRequest, Watched>();
  readonly #edges: Emitter<readonly Edge[]>;
  #kernel: GpioKernel | undefined;
  #chip: number | undefined;
  #lineCount: number | undefined;

  constructor({ logger }: GpiodDriverComponents, options: GpiodDriverOptions) {
    this.#logger = logger;
    this.#options = options;
    this.#edges = new Emitter((error) => logger.error({ err: error }, "A listener to edges failed"));
  }

  async start(): Promise<void> {
    this.#chip ??= openChip(this.#options.chip, this.#options.chips, () => this.#native());
  }

  async stop(): Promise<void> {
    for (const request of new Set(this.#requests.values())) this.#close(request);
    if (this.#chip !== undefined) closeSync(this.#chip);
    this.#chip = undefined;
    this.#lineCount = undefined;
  }

  async configure(lines: ReadonlyMap<number, LineConfig>): Promise<void> {
    const chip = this.#started();
    const kernel = this.#native();
    const fresh = [...lines].filter(([line]) => !this.#requests.has(line));
    for (const [line] of fresh) this.#checkFree(kernel, chip, line);
    const undo: (() => void)[] = [];
    try {
      // Inputs by themselves, so that each can be given back alone; outputs in one request, to be set at once. They
      // come last: nothing is driven until all else went well.
      const inputs = fresh.filter(([, { direction }]) => direction === "input");
      const outputs = fresh.filter(([, { direction }]) => direction === "output");
      for (const part of [...inputs.map((input) => [input]), outputs]) {
        if (part.length === 0) continue;
        const request = new LineRequest(kernel, chip, new Map(part));
        undo.push(() => this.#close(request));
        for (const line of request.lines) this.#requests.set(line, request);
      }
      for (const [request, changes] of this.#byRequest(lines, fresh)) {
        this.#fetch(request);
        undo.push(request.reconfigure(changes));
      }
    } catch (error) {
      this.#undo(undo);
      throw error;
    }
    for (const line of lines.keys()) this.#watchIfNeeded(kernel, this.#request(line));
  }

  async release(line: number, leave: "input" | "as-is"): Promise<void> {
    const request = this.#requests.get(line);
    if (request?.config(line) === undefined) return;
    try {
      request.release(line, leave);
    } finally {
      if (request.isFree) this.#close(request);
    }
  }

  async read(lines: readonly number[]): Promise<readonly Level[]> {
    const levels = new Map<number, Level>();
    for (const line of lines) this.#taken(line);
    for (const [request, ofRequest] of groupBy(lines, (line) => this.#request(line))) {
      request.get(ofRequest).forEach((level, index) => {
        levels.set(ofRequest[index] ?? -1, level);
      });
    }
    return lines.map((line) => levels.get(line) ?? "low");
  }

  async write(levels: readonly LineLevel[]): Promise<void> {
    for (const { line } of levels) {
      if (this.#taken(line).direction !== "output") throw noOutput(line);
    }
    const [only] = levels;
    if (levels.length === 1 && only !== undefined) {
      this.#request(only.line).set(levels);
      return;
    }
    for (const [request, ofRequest] of groupBy(levels, ({ line }) => this.#request(line))) {
      request.set(ofRequest);
    }
  }

  observe(listener: (edges: readonly Edge[]) => void): Unsubscribe {
    return this.#edges.on(listener);
  }

  #native(): GpioKernel {
    this.#kernel ??= loadGpioKernel();
    return this.#kernel;
  }

  #started(): number {
    if (this.#chip === undefined) throw notStarted();
    return this.#chip;
  }

  /** Before any line is taken: taking one and giving it back would move its wire. */
  #checkFree(kernel: GpioKernel, chip: number, line: number): void {
    this.#lineCount ??= chipInfo(kernel, chip).lines;
    if (!(line >= 0 && line < this.#lineCount)) throw noSuchLine(line, this.#lineCount);
    const info = lineInfoOf(line);
    const errno = kernel.call(chip, calls.lineInfo, info);
    if (errno !== 0) throw gpiodError(errno, `look at GPIO${line}`);
    const { used, consumer } = decodeLineInfo(info);
    if (used) throw takenElsewhere(line, consumer);
  }

  #byRequest(
    lines: ReadonlyMap<number, LineConfig>,
    fresh: readonly (readonly [number, LineConfig])[],
  ): Map<LineRequest, ReadonlyMap<number, LineConfig>> {
    const known = [...lines].filter(([line]) => !fresh.some(([other]) => other === line));
    const groups = groupBy(known, ([line]) => this.#request(line));
    return new Map([...groups].map(([request, entries]) => [request, new Map(entries)]));
  }

  #undo(steps: readonly (() => void)[]): void {
    for (const step of steps.toReversed()) {
      try {
        step();
      } catch (error) {
        this.#logger.warn({ err: error }, "A line cannot be set up as it was before");
      }
    }
  }

  #taken(line: number): LineConfig {
    const config = this.#requests.get(line)?.config(line);
    if (config === undefined) throw this.#chip === undefined ? notStarted() : notTaken(line);
    return config;
  }

  #request(line: number): LineRequest {
    const request = this.#requests.get(line);
    if (request === undefined) throw notTaken(line);
    return request;
  }

  #watchIfNeeded(kernel: GpioKernel, request: LineRequest): void {
    if (!request.reportsEdges || this.#watched.has(request)) return;
    const watch = kernel.watch(request.descriptor, () => this.#fetch(request));
    this.#watched.set(request, { reader: new EdgeReader(request.descriptor), close: () => watch.close() });
  }

  /** Takes what waits from the kernel, and tells it. */
  #fetch(request: LineRequest): void {
    const watched = this.#watched.get(request);
    if (watched === undefined) return;
    try {
      const edges = watched.reader.read().filter(({ line, level }) => wants(request.config(line), level));
      if (edges.length > 0) this.#edges.emit(edges);
    } catch (error) {
      // The chip has gone: it would be readable for ever.
      this.#logger.warn({ err: error, lines: request.lines }, "Edges can no longer be read");
      this.#unwatch(request);
    }
  }

  #unwatch(request: LineRequest): void {
    this.#watched.get(request)?.close();
    this.#watched.delete(request);
  }

  #close(request: LineRequest): void {
    this.#unwatch(request);
    for (const line of request.lines) this.#requests.delete(line);
    request.close();
  }
}

/** An edge may have waited from before its line was set up anew. */
function wants(config: LineConfig | undefined, level: Level): boolean {
  return config?.direction === "input" && isAskedFor(config.edges, level);
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  return Map.groupBy(items, keyOf);
}
