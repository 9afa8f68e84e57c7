import { type Clock, Emitter, type Logger, sleep, type Unsubscribe } from "@pi-controller/runtime";
import { type Level, MeshError } from "@pi-controller/schema";
import type { Edge, GpioDriver, LineConfig, LineLevel } from "../gpio/gpio-driver.ts";
import { noOutput, noSuchLine, notStarted, notTaken, unsupported } from "../gpio/gpio-errors.ts";
import { swappedWhen } from "../gpio/levels.ts";
import { SerialQueue } from "../serial-queue.ts";
import { ChangesOfReports } from "./changes-of-reports.ts";
import type { PigpioConnection, Request } from "./pigpio-connection.ts";
import { command, type Report } from "./wire.ts";

export interface PigpioGpioComponents {
  readonly clock: Clock;
  /** Started and stopped by this driver. */
  readonly connection: PigpioConnection;
  readonly logger: Logger;
}

/** The header has GPIO0 to 27; the daemon reports no more than 32. */
const LINES = 28;
/** pigpio.h, `PI_MAX_STEADY`: 300000 us. */
const MAX_DEBOUNCE_MS = 300;
/**
 * The daemon's filter begins with the level that it finds when it looks at samples next, each millisecond unless it is
 * busy: a change before that would be taken for no change.
 */
const FILTER_BEGINS_MS = 20;
const MAX_WAITING = 1_024;
const INPUT = 0;
const PULLS = { none: 0, down: 1, up: 2 } as const;

/**
 * GPIO through pigpiod: changes are stamped to some microseconds, by sampling. It knows no owners of lines: that
 * another program uses one does not show.
 */
export function pigpioGpio(components: PigpioGpioComponents): GpioDriver {
  return new PigpioGpio(components);
}

class PigpioGpio implements GpioDriver {
  readonly name = "pigpio-gpio";
  readonly features = { pulls: true, openDrain: false, openSource: false, debounce: true, edges: true };
  readonly #clock: Clock;
  readonly #connection: PigpioConnection;
  readonly #queue = new SerialQueue(MAX_WAITING);
  readonly #lines = new Map<number, LineConfig>();
  readonly #changes = new ChangesOfReports();
  readonly #edges: Emitter<readonly Edge[]>;
  #started = false;

  constructor({ clock, connection, logger }: PigpioGpioComponents) {
    this.#clock = clock;
    this.#connection = connection;
    this.#edges = new Emitter((error) => logger.error({ err: error }, "A listener to edges failed"));
    connection.addUser({
      restore: (request) => this.#restore(request),
      reports: (reports) => this.#reported(reports),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#connection.start(signal);
    this.#started = true;
  }

  /** Outputs stay as they are: the daemon goes on without us. */
  async stop(): Promise<void> {
    await this.#queue.run(async () => {
      this.#started = false;
      this.#lines.clear();
      this.#changes.restart();
      await this.#connection.stop();
    });
  }

  async configure(lines: ReadonlyMap<number, LineConfig>): Promise<void> {
    await this.#queue.run(async () => {
      this.#check();
      for (const [line, config] of lines) checkConfig(line, config);
      const done: number[] = [];
      try {
        for (const [line, config] of lines) {
          done.push(line);
          await this.#setUp(line, config, this.#connection.request);
        }
        await this.#watch(this.#connection.request);
        if ([...lines.values()].some(isFiltered)) await sleep(this.#clock, FILTER_BEGINS_MS);
      } catch (error) {
        await this.#undo(done);
        throw error;
      }
      for (const [line, config] of lines) this.#lines.set(line, config);
    });
  }

  async release(line: number, leave: "input" | "as-is"): Promise<void> {
    await this.#queue.run(async () => {
      this.#check();
      // Also when the daemon is away: it must not be set up again when that returns.
      if (!this.#lines.delete(line)) return;
      const watched = this.#changes.mask();
      this.#changes.forget(line);
      if (leave === "input") await asInput(line, this.#connection.request);
      if (watched !== this.#changes.mask()) await this.#watch(this.#connection.request);
    });
  }

  async read(lines: readonly number[]): Promise<readonly Level[]> {
    return this.#queue.run(async () => {
      this.#check();
      const configs = lines.map((line) => this.#taken(line));
      const bits = await this.#connection.request(command.BR1);
      return lines.map((line, index) =>
        swappedWhen(configs[index]?.activeLow ?? false, isHigh(bits, line) ? "high" : "low"),
      );
    });
  }

  async write(levels: readonly LineLevel[]): Promise<void> {
    await this.#queue.run(async () => {
      this.#check();
      const outputs = new Map<number, LineConfig & { readonly direction: "output" }>();
      for (const { line, level } of levels) {
        const config = this.#taken(line);
        if (config.direction === "input") throw noOutput(line);
        outputs.set(line, { ...config, level });
      }
      const bits = (wanted: Level) =>
        [...outputs]
          .filter(([, { activeLow, level }]) => swappedWhen(activeLow, level) === wanted)
          .reduce((mask, [line]) => mask | (1 << line), 0);
      const [low, high] = [bits("low"), bits("high")];
      // One after the other without waiting in between: a few microseconds apart.
      await Promise.all([
        low === 0 ? undefined : this.#connection.request(command.BC1, low),
        high === 0 ? undefined : this.#connection.request(command.BS1, high),
      ]);
      for (const [line, config] of outputs) this.#lines.set(line, config);
    });
  }

  observe(listener: (edges: readonly Edge[]) => void): Unsubscribe {
    return this.#edges.on(listener);
  }

  async #setUp(line: number, config: LineConfig, request: Request): Promise<void> {
    if (config.direction === "output") {
      this.#changes.forget(line);
      await request(command.PUD, line, PULLS.none);
      // Sets the level before the direction: the pin shows no other one in between.
      await request(command.WRITE, line, swappedWhen(config.activeLow, config.level) === "high" ? 1 : 0);
      return;
    }
    await request(command.MODES, line, INPUT);
    await request(command.PUD, line, PULLS[config.pull]);
    await request(command.FG, line, Math.round(config.debounceMs * 1_000));
    if (config.edges === "none") {
      this.#changes.forget(line);
      return;
    }
    const sinceNs = this.#connection.timeOf(await request(command.TICK));
    const high = isHigh(await request(command.BR1), line);
    const { edges, activeLow } = config;
    this.#changes.watch(line, { edges, activeLow, sinceNs, high, lost: 0 });
  }

  async #watch(request: Request): Promise<void> {
    await this.#connection.watch(this.#changes.mask(), request);
  }

  /** Lines of a set-up that failed are as they were before. */
  async #undo(lines: readonly number[]): Promise<void> {
    const { request } = this.#connection;
    await Promise.allSettled(
      lines.map(async (line) => {
        const before = this.#lines.get(line);
        if (before !== undefined) return this.#setUp(line, before, request);
        this.#changes.forget(line);
        return asInput(line, request);
      }),
    );
    await Promise.allSettled([this.#watch(request)]);
  }

  /** With the levels that were written last. */
  async #restore(request: Request): Promise<void> {
    this.#changes.restart();
    for (const [line, config] of this.#lines) await this.#setUp(line, config, request);
    await this.#watch(request);
  }

  #reported(reports: readonly Report[]): void {
    const timeOf = (tick: number) => this.#connection.timeOf(tick);
    const edges = reports.flatMap((report) => this.#changes.edgesOf(report, timeOf));
    if (edges.length > 0) this.#edges.emit(edges);
  }

  #taken(line: number): LineConfig {
    const config = this.#lines.get(line);
    if (config === undefined) throw notTaken(line);
    return config;
  }

  #check(): void {
    if (!this.#started) throw notStarted();
  }
}

function checkConfig(line: number, config: LineConfig): void {
  if (line < 0 || line >= LINES) throw noSuchLine(line, LINES);
  if (config.direction === "output" && config.drive !== "push-pull") {
    throw unsupported(
      `${config.drive === "open-drain" ? "an open drain" : "an open source"}: pigpio has none`,
    );
  }
  if (config.direction === "input" && config.debounceMs > MAX_DEBOUNCE_MS) {
    throw new MeshError("OUT_OF_RANGE", `pigpio debounces for ${MAX_DEBOUNCE_MS} ms at most`);
  }
}

function isFiltered(config: LineConfig): boolean {
  return config.direction === "input" && config.edges !== "none" && config.debounceMs > 0;
}

async function asInput(line: number, request: Request): Promise<void> {
  await request(command.MODES, line, INPUT);
  await request(command.PUD, line, PULLS.none);
  await request(command.FG, line, 0);
}

function isHigh(bits: number, line: number): boolean {
  return ((bits >>> line) & 1) === 1;
}
