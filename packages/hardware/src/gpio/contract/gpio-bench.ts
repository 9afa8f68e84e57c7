import type { Level } from "@pi-controller/schema";
import { expect } from "vitest";
import type { Edge, GpioDriver, GpioFeatures, LineConfig } from "../gpio-driver.ts";

/** An adapter with hardware, or what stands for it, that its contract is tested at. */
export interface GpioUnderTest {
  /** Not started. */
  readonly driver: GpioDriver;
  /** BCM numbers of at least four lines that nobody uses. */
  readonly lines: readonly number[];
  /**
   * Moves the wire of a line from outside, as through a resistor; null lets go of it. Resolves once the chip has seen
   * that.
   */
  drive(line: number, level: Level | null): Promise<void> | void;
  /** What is on the wire, looked at past the driver. */
  level(line: number): Promise<Level> | Level;
  /** Lets another program take a line, under the name that is returned; left out where nothing knows whose a line is. */
  takeElsewhere?(line: number): Promise<{ readonly consumer: string; release(): Promise<void> | void }>;
  /** Cleans up behind the driver, which has been stopped. */
  stop(): Promise<void> | void;
}

/** How an input is set up, with what is given instead. */
export const input = (config: Partial<LineConfig & { direction: "input" }> = {}): LineConfig => ({
  direction: "input",
  pull: "none",
  activeLow: false,
  edges: "none",
  debounceMs: 0,
  ...config,
});

/** How an output is set up, with what is given instead. */
export const output = (
  level: Level,
  config: Partial<LineConfig & { direction: "output" }> = {},
): LineConfig => ({
  direction: "output",
  activeLow: false,
  drive: "push-pull",
  level,
  ...config,
});

/** A line that takes the feature. */
const needing: Readonly<Record<keyof GpioFeatures, LineConfig>> = {
  pulls: input({ pull: "up" }),
  openDrain: output("low", { drive: "open-drain" }),
  openSource: output("low", { drive: "open-source" }),
  debounce: input({ debounceMs: 10 }),
  edges: input({ edges: "both" }),
};

/** What the cases of the contract share: the adapter of the case that runs, four of its lines, and what was told. */
export class GpioBench {
  readonly #make: () => Promise<GpioUnderTest>;
  #subject: GpioUnderTest | undefined;
  #seen: Edge[] = [];

  constructor(make: () => Promise<GpioUnderTest>) {
    this.#make = make;
  }

  /** Before each case. */
  async setUp(): Promise<void> {
    this.#subject = await this.#make();
    const seen: Edge[] = [];
    this.#seen = seen;
    await this.driver.start(AbortSignal.timeout(10_000));
    this.driver.observe((edges) => seen.push(...edges));
  }

  async tearDown(): Promise<void> {
    await this.driver.stop();
    await this.subject.stop();
  }

  get subject(): GpioUnderTest {
    if (this.#subject === undefined) throw new Error("there is no adapter between two cases");
    return this.#subject;
  }

  get driver(): GpioDriver {
    return this.subject.driver;
  }

  get a(): number {
    return this.#line(0);
  }

  get b(): number {
    return this.#line(1);
  }

  get c(): number {
    return this.#line(2);
  }

  get d(): number {
    return this.#line(3);
  }

  /** All edges since the case began. */
  get seen(): readonly Edge[] {
    return this.#seen;
  }

  readonly configure = (...lines: (readonly [number, LineConfig])[]): Promise<void> =>
    this.driver.configure(new Map(lines));

  readonly levels = (...lines: number[]): Promise<Level[]> =>
    Promise.all(lines.map(async (line) => this.subject.level(line)));

  readonly edgesOf = (line: number): readonly Edge[] => this.#seen.filter((edge) => edge.line === line);

  readonly seenSoFar = (): readonly string[] => this.#seen.map(({ line, level }) => `${line} ${level}`);

  /** The wire goes to each of these in turn. */
  readonly move = async (line: number, ...to: Level[]): Promise<void> => {
    for (const level of to) await this.subject.drive(line, level);
  };

  readonly soon = <T>(look: () => T): ReturnType<typeof expect.poll<T>> =>
    expect.poll(look, { timeout: 5_000, interval: 5 });

  /** A case that not every adapter can pass: one that says that it lacks the feature has to refuse what takes it. */
  readonly needs = (feature: keyof GpioFeatures, test: () => Promise<void>) => async () => {
    if (this.driver.features[feature]) return test();
    const refused = this.configure([this.a, needing[feature]]);
    return expect(refused).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  };

  #line(index: number): number {
    const line = this.subject.lines[index];
    if (line === undefined) throw new Error("the contract needs four lines");
    return line;
  }
}
