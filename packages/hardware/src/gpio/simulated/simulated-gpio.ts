import type { Clock, Unsubscribe } from "@pi-controller/runtime";
import { type Level, MeshError } from "@pi-controller/schema";
import { allFeatures, type Edge, type GpioDriver, type LineConfig, type LineLevel } from "../gpio-driver.ts";
import { noOutput, noSuchLine, notStarted, notTaken, takenElsewhere } from "../gpio-errors.ts";
import { isAskedFor, swappedWhen } from "../levels.ts";
import { Debounce } from "./debounce.ts";
import { EdgeQueue } from "./edge-queue.ts";
import type { SimulatedPins } from "./simulated-pins.ts";
import { Stimuli } from "./stimuli.ts";
import { floatingPad, type Pad, Wires } from "./wires.ts";

export interface SimulatedGpioComponents {
  readonly clock: Clock;
}

export interface SimulatedGpioOptions {
  /** How many lines there are: GPIO0, GPIO1, ... */
  readonly lines: number;
}

/** A line that is set up. */
interface Line {
  readonly config: LineConfig;
  readonly debounce: Debounce | null;
}

/** GPIO that is not there. It moves with the clock and by its control, and does nothing by chance. */
export function simulatedGpio(
  components: SimulatedGpioComponents,
  options: SimulatedGpioOptions,
): GpioDriver & { readonly control: SimulatedPins } {
  return new SimulatedGpio(components, options);
}

class SimulatedGpio implements GpioDriver {
  readonly name = "simulated-gpio";
  readonly features = allFeatures;
  readonly control: SimulatedPins;
  readonly #clock: Clock;
  readonly #lineCount: number;
  readonly #wires: Wires;
  readonly #stimuli: Stimuli;
  readonly #lines = new Map<number, Line>();
  readonly #consumers = new Map<number, string>();
  readonly #failing = new Map<number, number>();
  readonly #losing = new Map<number, number>();
  readonly #edges = new EdgeQueue();
  readonly #listeners = new Set<(edges: readonly Edge[]) => void>();
  #flushing = false;
  #started = false;
  /** While a stimulus moves wires: when that fell due, which may be a moment ago. */
  #movedAtMs: number | undefined;

  constructor({ clock }: SimulatedGpioComponents, { lines }: SimulatedGpioOptions) {
    this.#clock = clock;
    this.#lineCount = lines;
    this.#wires = new Wires(lines, (line, level) => this.#moved(line, level));
    this.#stimuli = new Stimuli(clock, (line, level, atMs) => this.#move(line, level, atMs));
    this.control = this.#makeControl();
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#stimuli.start();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#stimuli.stop();
    for (const line of [...this.#lines.keys()]) this.#letGo(line);
  }

  async configure(lines: ReadonlyMap<number, LineConfig>): Promise<void> {
    if (!this.#started) throw notStarted();
    for (const line of lines.keys()) {
      if (!(line >= 0 && line < this.#lineCount)) throw noSuchLine(line, this.#lineCount);
      const consumer = this.#consumers.get(line);
      if (consumer !== undefined && !this.#lines.has(line)) throw takenElsewhere(line, consumer);
    }
    for (const [line, config] of lines) this.#setUp(line, config);
  }

  async release(line: number, leave: "input" | "as-is"): Promise<void> {
    if (!this.#lines.has(line)) return;
    this.#letGo(line);
    if (leave === "input") this.#wires.setPad(line, floatingPad);
  }

  async read(lines: readonly number[]): Promise<readonly Level[]> {
    return lines.map((line) => {
      const { config, debounce } = this.#taken(line);
      return swappedWhen(config.activeLow, debounce?.level ?? this.#wires.level(line));
    });
  }

  async write(levels: readonly LineLevel[]): Promise<void> {
    for (const { line } of levels) {
      if (this.#taken(line).config.direction !== "output") throw noOutput(line);
      if (this.#failing.size > 0) this.#failWhenTold(line);
    }
    for (const { line, level } of levels) {
      const { config } = this.#taken(line);
      if (config.direction === "output") this.#wires.setPad(line, padOf(config, level));
    }
  }

  observe(listener: (edges: readonly Edge[]) => void): Unsubscribe {
    const entry = (edges: readonly Edge[]) => listener(edges);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  #setUp(line: number, config: LineConfig): void {
    this.#lines.get(line)?.debounce?.stop();
    this.#edges.forget(line);
    // Set up before the pad changes: what that moves is no edge of the line as it was before.
    this.#lines.delete(line);
    this.#wires.setPad(line, padOf(config));
    const debounce =
      config.direction === "input" && config.debounceMs > 0
        ? new Debounce(this.#clock, config.debounceMs, this.#wires.level(line), (level) =>
            this.#edge(line, level, this.#clock.monotonic()),
          )
        : null;
    this.#lines.set(line, { config, debounce });
  }

  #letGo(line: number): void {
    this.#lines.get(line)?.debounce?.stop();
    this.#lines.delete(line);
    this.#edges.forget(line);
  }

  #taken(line: number): Line {
    const taken = this.#lines.get(line);
    if (taken === undefined) throw this.#started ? notTaken(line) : notStarted();
    return taken;
  }

  #failWhenTold(line: number): void {
    if (!useUp(this.#failing, line)) return;
    throw new MeshError("UNAVAILABLE", `GPIO${line} cannot be written: its simulated hardware fails`);
  }

  /** Moves a wire from outside. */
  #move(line: number, level: Level | null, atMs: number): void {
    this.#movedAtMs = atMs;
    this.#wires.setOutside(line, level);
    this.#movedAtMs = undefined;
  }

  /** A wire has another level now. */
  #moved(line: number, level: Level): void {
    const taken = this.#lines.get(line);
    if (taken === undefined || taken.config.direction === "output") return;
    if (taken.debounce !== null) taken.debounce.change(level);
    else if (taken.config.edges !== "none") {
      this.#edge(line, level, this.#movedAtMs ?? this.#clock.monotonic());
    }
  }

  #edge(line: number, electrical: Level, atMs: number): void {
    const config = this.#lines.get(line)?.config;
    if (config?.direction !== "input") return;
    const level = swappedWhen(config.activeLow, electrical);
    if (!isAskedFor(config.edges, level)) return;
    if (useUp(this.#losing, line)) {
      this.#edges.lose(line);
      return;
    }
    this.#edges.add(line, level, atMs);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  /** Apart from what caused the edges, as edges of a real chip come. */
  #flush(): void {
    this.#flushing = false;
    const edges = this.#edges.take();
    if (edges.length === 0) return;
    for (const listener of [...this.#listeners]) listener(edges);
  }

  #makeControl(): SimulatedPins {
    return {
      lines: this.#lineCount,
      set: (line, level) => this.#stimuli.move(line, this.#wires.outside(line), level),
      level: (line) => this.#wires.level(line),
      connect: (line, other) => this.#wires.connect(line, other),
      disconnect: (line, other) => this.#wires.disconnect(line, other),
      bounce: (line, durationMs) => this.#stimuli.setBounce(line, durationMs),
      square: (line, frequencyHz) => this.#stimuli.setSquare(line, frequencyHz),
      failWrites: (line, times) => setOrDelete(this.#failing, line, times || null),
      stick: (line, level) => this.#wires.setStuck(line, level),
      loseEdges: (line, times) => setOrDelete(this.#losing, line, times || null),
      take: (line, consumer) => setOrDelete(this.#consumers, line, consumer),
    };
  }
}

function padOf(config: LineConfig, level?: Level): Pad {
  if (config.direction === "input") return { direction: "input", pull: config.pull };
  const { drive, activeLow } = config;
  return { direction: "output", drive, level: swappedWhen(activeLow, level ?? config.level) };
}

/** @returns whether there was one left */
function useUp(counts: Map<number, number>, line: number): boolean {
  const left = counts.get(line) ?? 0;
  if (left === 0) return false;
  setOrDelete(counts, line, left - 1 || null);
  return true;
}

function setOrDelete<T>(map: Map<number, T>, line: number, value: T | null): void {
  if (value === null) map.delete(line);
  else map.set(line, value);
}
