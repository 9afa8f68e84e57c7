import { startAll, stopAll } from "@pi-controller/runtime";
import { SerialQueue } from "../serial-queue.ts";
import type { PwmDriver, PwmOutput, PwmSetting } from "./pwm-driver.ts";
import { otherMethod } from "./pwm-errors.ts";

export interface CombinedPwmComponents {
  readonly hardware: PwmDriver;
  readonly software: PwmDriver;
}

const MAX_WAITING = 256;

/** Two drivers as one: asked for a method, it asks the one that has it. */
export function combinedPwm(components: CombinedPwmComponents): PwmDriver {
  return new CombinedPwm(components);
}

class CombinedPwm implements PwmDriver {
  readonly name = "pwm";
  readonly #drivers: Readonly<Record<PwmOutput["method"], PwmDriver>>;
  readonly #queue = new SerialQueue(MAX_WAITING);
  /** By which method a line has its signal. */
  readonly #methods = new Map<number, PwmOutput["method"]>();

  constructor({ hardware, software }: CombinedPwmComponents) {
    this.#drivers = { hardware, software };
  }

  async start(signal: AbortSignal): Promise<void> {
    await startAll([this.#drivers.hardware, this.#drivers.software], signal);
  }

  async stop(): Promise<void> {
    await this.#queue.run(async () => {
      this.#methods.clear();
      await stopAll([this.#drivers.hardware, this.#drivers.software]);
    });
  }

  outputs(): readonly PwmOutput[] {
    const hardware = this.#drivers.hardware.outputs();
    const fixed = new Set(hardware.filter(({ fixedFunction }) => fixedFunction).map(({ line }) => line));
    // By software the line would be taken as GPIO.
    const software = this.#drivers.software.outputs().filter(({ line }) => !fixed.has(line));
    return [...hardware, ...software];
  }

  async set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting> {
    return this.#queue.run(async () => {
      const before = this.#methods.get(line);
      if (before !== undefined && before !== method) throw otherMethod(line, before, method);
      const became = await this.#drivers[method].set(line, method, setting);
      this.#methods.set(line, method);
      return became;
    });
  }

  async end(line: number, leave?: "off" | "as-is"): Promise<void> {
    await this.#queue.run(async () => {
      const method = this.#methods.get(line);
      if (method === undefined) return;
      await this.#drivers[method].end(line, leave);
      this.#methods.delete(line);
    });
  }
}
