import type { Level } from "@pi-controller/schema";
import type { LineConfig, LineLevel } from "../gpio-driver.ts";
import type { GpioKernel } from "./gpio-kernel.ts";
import { gpiodError } from "./gpiod-errors.ts";
import { type LineState, linesConfig } from "./lines-config.ts";
import { calls, descriptorOf, encodeConfig, encodeRequest } from "./uapi.ts";

const CONSUMER = "pi-controller";
/** Half a second of 1,000 edges a second, in 24 KB of the kernel's memory once a line reports edges. */
const EVENT_BUFFER_SIZE = 512;

const letGo: LineConfig = {
  direction: "input",
  pull: "none",
  activeLow: false,
  edges: "none",
  debounceMs: 0,
};

/**
 * Lines that were taken from the kernel in one request. It gives them back together only: one that was released by
 * itself stays with the request until all are.
 */
export class LineRequest {
  readonly descriptor: number;
  readonly lines: readonly number[];
  readonly #kernel: GpioKernel;
  readonly #indexes: ReadonlyMap<number, number>;
  readonly #states: LineState[];
  readonly #held: Set<number>;
  /** struct gpio_v2_line_values, as words: bits, mask. */
  readonly #values = new Uint32Array(4);
  readonly #valueBytes = new Uint8Array(this.#values.buffer);

  /** @throws MeshError as `gpiodError` */
  constructor(kernel: GpioKernel, chip: number, configs: ReadonlyMap<number, LineConfig>) {
    this.#kernel = kernel;
    this.lines = [...configs.keys()];
    this.#indexes = new Map(this.lines.map((line, index) => [line, index]));
    this.#states = [...configs.values()].map(initialState);
    this.#held = new Set(this.lines);
    const request = encodeRequest({
      lines: this.lines,
      consumer: CONSUMER,
      config: linesConfig(this.#states),
      eventBufferSize: EVENT_BUFFER_SIZE,
    });
    const errno = kernel.call(chip, calls.requestLines, request);
    if (errno !== 0) throw gpiodError(errno, `set up ${this.#names(this.lines)}`);
    this.descriptor = descriptorOf(request);
  }

  /** Undefined for a line that was released. */
  config(line: number): LineConfig | undefined {
    return this.#held.has(line) ? this.#state(line).config : undefined;
  }

  get isFree(): boolean {
    return this.#held.size === 0;
  }

  get reportsEdges(): boolean {
    return this.#states.some(({ config }) => config.direction === "input" && config.edges !== "none");
  }

  /**
   * Sets up some of the lines anew.
   *
   * @returns what undoes it
   * @throws MeshError as `gpiodError`; nothing has changed then, as far as the kernel takes care of that
   */
  reconfigure(configs: ReadonlyMap<number, LineConfig>): () => void {
    const before = [...this.#states];
    const heldBefore = [...this.#held];
    const after = [...this.#states];
    for (const [line, config] of configs) after[this.#index(line)] = initialState(config);
    this.#apply(after, [...configs.keys()]);
    for (const line of configs.keys()) this.#held.add(line);
    return () => {
      this.#apply(before, [...configs.keys()]);
      for (const line of configs.keys()) if (!heldBefore.includes(line)) this.#held.delete(line);
    };
  }

  /** Gives a line up. The request is to be closed once it `isFree`. */
  release(line: number, leave: "input" | "as-is"): void {
    this.#held.delete(line);
    if (leave === "as-is") return;
    const after = [...this.#states];
    after[this.#index(line)] = initialState(letGo);
    this.#apply(after, [line]);
  }

  /** @throws MeshError as `gpiodError` */
  get(lines: readonly number[]): readonly Level[] {
    this.#values.fill(0);
    for (const line of lines) this.#mark(2, this.#index(line));
    const errno = this.#kernel.call(this.descriptor, calls.getValues, this.#valueBytes);
    if (errno !== 0) throw gpiodError(errno, `read ${this.#names(lines)}`);
    return lines.map((line) => (this.#isMarked(0, this.#index(line)) ? "high" : "low"));
  }

  /** All at once; of two levels for one line the later one counts. @throws MeshError as `gpiodError` */
  set(levels: readonly LineLevel[]): void {
    this.#values.fill(0);
    for (const { line, level } of levels) {
      const index = this.#index(line);
      this.#mark(2, index);
      this.#mark(0, index, level === "high");
    }
    const errno = this.#kernel.call(this.descriptor, calls.setValues, this.#valueBytes);
    if (errno !== 0) {
      throw gpiodError(errno, `write ${this.#names(levels.map(({ line }) => line))}`);
    }
    for (const { line, level } of levels) {
      const state = this.#state(line);
      if (state.level !== level) this.#states[this.#index(line)] = { config: state.config, level };
    }
  }

  close(): void {
    this.#held.clear();
    this.#kernel.close(this.descriptor);
  }

  #apply(states: readonly LineState[], changing: readonly number[]): void {
    const config = encodeConfig(linesConfig(states));
    const errno = this.#kernel.call(this.descriptor, calls.setConfig, config);
    if (errno !== 0) throw gpiodError(errno, `set up ${this.#names(changing)}`);
    this.#states.splice(0, states.length, ...states);
  }

  #mark(word: number, index: number, on = true): void {
    const at = word + (index >>> 5);
    const bit = 1 << (index & 31);
    const before = this.#values[at] ?? 0;
    this.#values[at] = on ? before | bit : before & ~bit;
  }

  #isMarked(word: number, index: number): boolean {
    return ((this.#values[word + (index >>> 5)] ?? 0) & (1 << (index & 31))) !== 0;
  }

  #index(line: number): number {
    const index = this.#indexes.get(line);
    if (index === undefined) throw new RangeError(`GPIO${line} is not of this request`);
    return index;
  }

  #state(line: number): LineState {
    return this.#states[this.#index(line)] ?? initialState(letGo);
  }

  #names(lines: readonly number[]): string {
    return lines.map((line) => `GPIO${line}`).join(", ");
  }
}

function initialState(config: LineConfig): LineState {
  return { config, level: config.direction === "output" ? config.level : "low" };
}
