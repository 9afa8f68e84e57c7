import { DaemonSocket, type PigpioReport, pigpioCommand } from "@pi-controller/hardware/testing";
import { systemClock } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { RunningPigpiod } from "./pigpiod.ts";

/** GPIO0 to 27. */
const ALL_LINES = 0x0fff_ffff;
/** A line whose changes the daemon filters is not reported at once; more than this nobody waits for it. */
const REPORT_WITHIN_MS = 50;

/** A second client of a daemon, which sees what another one does. */
export class PigpiodWatcher {
  readonly #daemon: RunningPigpiod;
  readonly #commands: DaemonSocket;
  readonly #reports: DaemonSocket;
  readonly #listeners = new Set<(report: PigpioReport) => void>();

  static async watch(daemon: RunningPigpiod): Promise<PigpiodWatcher> {
    const where = { host: "127.0.0.1", port: daemon.port };
    const components = { clock: systemClock() };
    const [commands, reports] = await Promise.all([
      DaemonSocket.open(components, where),
      DaemonSocket.open(components, where),
    ]);
    const watcher = new PigpiodWatcher(daemon, commands, reports);
    const handle = await reports.beginReports((received) => {
      for (const report of received) for (const listener of watcher.#listeners) listener(report);
    });
    await commands.request(pigpioCommand.NB, handle, ALL_LINES);
    return watcher;
  }

  private constructor(daemon: RunningPigpiod, commands: DaemonSocket, reports: DaemonSocket) {
    this.#daemon = daemon;
    this.#commands = commands;
    this.#reports = reports;
  }

  async level(line: number): Promise<"low" | "high"> {
    return (await this.#commands.request(pigpioCommand.READ, line)) === 1 ? "high" : "low";
  }

  /** Moves a wire; resolves once the daemon has sampled that, since it does not see what is shorter. */
  async drive(line: number, level: "low" | "high" | null): Promise<void> {
    const before = await this.level(line);
    const sampled = this.#sampled(line);
    this.#daemon.setWire(line, level === null ? undefined : level === "high" ? 1 : 0);
    const after = await this.level(line);
    if (before === after) sampled.cancel();
    await sampled.done(after);
  }

  /** Signal of hardware or DMA PWM as the daemon has it: Hz, and share of a turn; null when there is none. */
  async pwm(line: number): Promise<{ readonly frequencyHz: number; readonly share: number } | null> {
    try {
      const [duty, range, frequencyHz] = await Promise.all([
        this.#commands.request(pigpioCommand.GDC, line),
        this.#commands.request(pigpioCommand.PRG, line),
        this.#commands.request(pigpioCommand.PFG, line),
      ]);
      return { frequencyHz, share: duty / range };
    } catch (error) {
      // -92 of pigpio.h, PI_NOT_PWM_GPIO.
      if (error instanceof MeshError && error.message.endsWith(": -92")) return null;
      throw error;
    }
  }

  /** Ticks at which a line rose, until there are so many. */
  async rises(line: number, count: number): Promise<number[]> {
    const ticks: number[] = [];
    let high = true;
    return new Promise((resolve) => {
      const listener = ({ tick, levels }: PigpioReport) => {
        const now = ((levels >>> line) & 1) === 1;
        if (now && !high) ticks.push(tick);
        high = now;
        if (ticks.length < count) return;
        this.#listeners.delete(listener);
        resolve(ticks);
      };
      this.#listeners.add(listener);
    });
  }

  stop(): void {
    this.#commands.close();
    this.#reports.close();
  }

  #sampled(line: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let last: boolean | undefined;
    let wanted: boolean | undefined;
    const look = () => {
      if (wanted !== undefined && wanted === last) resolve();
    };
    const listener = ({ levels }: PigpioReport) => {
      last = ((levels >>> line) & 1) === 1;
      look();
    };
    this.#listeners.add(listener);
    return {
      cancel: () => resolve(),
      done: async (level: "low" | "high") => {
        wanted = level === "high";
        look();
        const timer = setTimeout(resolve, REPORT_WITHIN_MS);
        await promise;
        clearTimeout(timer);
        this.#listeners.delete(listener);
      },
    };
  }
}
