import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import type { GpioDriver } from "../gpio/gpio-driver.ts";
import { SerialQueue } from "../serial-queue.ts";
import { PwmClaims } from "./pwm-claims.ts";
import type { PwmDriver, PwmOutput, PwmSetting } from "./pwm-driver.ts";
import { allEnded, pwmNotStarted } from "./pwm-errors.ts";
import { SoftwareSignal } from "./software-signal.ts";

export interface SoftwarePwmComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Started and stopped by others; its lines stay with it after the end of a signal, as outputs that are off. */
  readonly gpio: Pick<GpioDriver, "configure" | "write">;
}

export interface SoftwarePwmOptions {
  /** BCM numbers of the lines that may have a signal. */
  readonly lines: readonly number[];
}

/**
 * What a timer can do: it fires with a millisecond's precision, and later on a busy machine. Good for a lamp that
 * blinks or a heater; a servo or a motor needs hardware.
 */
const MIN_FREQUENCY_HZ = 0.1;
const MAX_FREQUENCY_HZ = 100;
const STEP_MS = 1;
const LOG_INTERVAL_MS = 60_000;
const MAX_WAITING = 256;

/** PWM by switching a line with a timer: up to 100 Hz, with pulses of whole milliseconds. */
export function softwarePwm(components: SoftwarePwmComponents, options: SoftwarePwmOptions): PwmDriver {
  return new SoftwarePwm(components, options);
}

interface Running {
  readonly signal: SoftwareSignal;
  readonly inverted: boolean;
}

class SoftwarePwm implements PwmDriver {
  readonly name = "software-pwm";
  readonly #components: SoftwarePwmComponents;
  readonly #outputs: readonly PwmOutput[];
  readonly #queue = new SerialQueue(MAX_WAITING);
  readonly #running = new Map<number, Running>();
  readonly #log: LogLimiter;
  /** Undefined while it is stopped. */
  #claims: PwmClaims | undefined;

  constructor(components: SoftwarePwmComponents, { lines }: SoftwarePwmOptions) {
    this.#components = components;
    this.#log = new LogLimiter(components.clock, LOG_INTERVAL_MS);
    this.#outputs = lines.map((line) => ({
      line,
      method: "software",
      channel: `software-${line}`,
      minFrequencyHz: MIN_FREQUENCY_HZ,
      maxFrequencyHz: MAX_FREQUENCY_HZ,
      fixedFunction: false,
    }));
  }

  async start(): Promise<void> {
    this.#claims = new PwmClaims(this.#outputs);
  }

  /** Ends all signals, with their pins off. */
  async stop(): Promise<void> {
    await this.#queue.run(async () => {
      this.#claims = undefined;
      const signals = [...this.#running.values()].map(({ signal }) => signal);
      this.#running.clear();
      await allEnded(signals.map((signal) => signal.end()));
    });
  }

  outputs(): readonly PwmOutput[] {
    return this.#outputs;
  }

  async set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting> {
    return this.#queue.run(async () => {
      const claims = this.#started();
      const output = claims.check(line, method, setting);
      const periodMs = 1_000 / setting.frequencyHz;
      const onMs = Math.min(Math.round((setting.dutyCycle * periodMs) / STEP_MS) * STEP_MS, periodMs);
      const steadyOnMs = setting.dutyCycle === 1 ? periodMs : onMs;
      const running = await this.#runningAt(line, setting.inverted);
      claims.hold(output);
      // A pin that fails now keeps its signal: it is tried again with each change, until somebody ends it.
      await running.signal.change(periodMs, steadyOnMs);
      return { ...setting, dutyCycle: steadyOnMs / periodMs };
    });
  }

  async end(line: number): Promise<void> {
    await this.#queue.run(async () => {
      const claims = this.#started();
      await this.#running.get(line)?.signal.end();
      this.#running.delete(line);
      claims.release(line);
    });
  }

  /** The signal of a line with the polarity asked for: one that turns begins anew. */
  async #runningAt(line: number, inverted: boolean): Promise<Running> {
    const running = this.#running.get(line);
    if (running?.inverted === inverted && !running.signal.ended) return running;
    await running?.signal.end();
    this.#running.delete(line);
    const { gpio, clock } = this.#components;
    const levelOf = (on: boolean) => (on === inverted ? "low" : "high");
    await gpio.configure(
      new Map([[line, { direction: "output", activeLow: false, drive: "push-pull", level: levelOf(false) }]]),
    );
    const signal = new SoftwareSignal({
      clock,
      drive: (on) => gpio.write([{ line, level: levelOf(on) }]),
      onError: (error) => this.#failed(line, error),
    });
    const begun = { signal, inverted };
    this.#running.set(line, begun);
    return begun;
  }

  #failed(line: number, error: unknown): void {
    this.#log.limit("drive", (suppressed) =>
      this.#components.logger.warn(
        { err: error, line, suppressed },
        "A pin could not be driven for its PWM signal",
      ),
    );
  }

  #started(): PwmClaims {
    if (this.#claims === undefined) throw pwmNotStarted();
    return this.#claims;
  }
}
