import { MeshError } from "@pi-controller/schema";
import type { PwmPin } from "../header/header.ts";
import { PwmClaims } from "../pwm/pwm-claims.ts";
import type { PwmDriver, PwmOutput, PwmSetting } from "../pwm/pwm-driver.ts";
import { allEnded, pwmNotStarted } from "../pwm/pwm-errors.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { PigpioConnection, Request } from "./pigpio-connection.ts";
import { command } from "./wire.ts";

export interface PigpioPwmComponents {
  /** Started before this driver and stopped after it, by the GPIO driver. */
  readonly connection: PigpioConnection;
}

export interface PigpioPwmOptions {
  /** The pins of the header that have hardware PWM. */
  readonly pins: readonly PwmPin[];
  /** Lines that may have PWM by DMA, which pigpio times to 5 us. */
  readonly lines: readonly number[];
}

/**
 * Of hardware: it divides 250 MHz (375 on a Pi 4); at 5 MHz fifty steps of a duty cycle are left.
 * Source: pigpio.c, `gpioHardwarePWM`.
 */
const HARDWARE = { minFrequencyHz: 1, maxFrequencyHz: 5_000_000 } as const;
const HARDWARE_RANGE = 1_000_000;
/**
 * By DMA there are 18 frequencies, and the nearest one is taken: 8000, 4000, 2000, 1600, 1000, 800, 500, 400, 320,
 * 250, 200, 160, 100, 80, 50, 40, 20 and 10 Hz unless the daemon was told to sample otherwise than each 5 us
 * (abyz.me.uk/rpi/pigpio/pigs.html, "PFS"). A servo takes 50 Hz and a duty cycle of 0.025 to 0.125 (500 to 2500 us),
 * in steps of 5 us.
 */
const BY_DMA = { minFrequencyHz: 10, maxFrequencyHz: 8_000 } as const;
const MAX_WAITING = 256;

/** PWM through pigpiod, by hardware at the pins that have it and by DMA, called software, at all. */
export function pigpioPwm(components: PigpioPwmComponents, options: PigpioPwmOptions): PwmDriver {
  return new PigpioPwm(components, options);
}

class PigpioPwm implements PwmDriver {
  readonly name = "pigpio-pwm";
  readonly #connection: PigpioConnection;
  readonly #outputs: readonly PwmOutput[];
  readonly #queue = new SerialQueue(MAX_WAITING);
  readonly #settings = new Map<number, PwmSetting>();
  /** Undefined while it is stopped. */
  #claims: PwmClaims | undefined;

  constructor({ connection }: PigpioPwmComponents, { pins, lines }: PigpioPwmOptions) {
    this.#connection = connection;
    this.#outputs = [
      ...pins.map(({ gpio, channel }) => ({
        ...{ line: gpio, method: "hardware" as const, channel, fixedFunction: false },
        ...HARDWARE,
      })),
      ...lines.map((line) => ({
        ...{ line, method: "software" as const, channel: `software-${line}`, fixedFunction: false },
        ...BY_DMA,
      })),
    ];
    connection.addUser({ restore: (request) => this.#restore(request) });
  }

  async start(): Promise<void> {
    this.#claims = new PwmClaims(this.#outputs);
  }

  /** Ends all signals. */
  async stop(): Promise<void> {
    await this.#queue.run(async () => {
      const held = this.#claims?.allHeld() ?? [];
      this.#claims = undefined;
      try {
        await allEnded(held.map((output) => this.#off(output)));
      } finally {
        this.#settings.clear();
      }
    });
  }

  outputs(): readonly PwmOutput[] {
    return this.#outputs;
  }

  async set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting> {
    return this.#queue.run(async () => {
      const claims = this.#started();
      const output = claims.check(line, method, setting);
      const became = await apply(output, setting, this.#connection.request);
      claims.hold(output);
      this.#settings.set(line, setting);
      return became;
    });
  }

  async end(line: number): Promise<void> {
    await this.#queue.run(async () => {
      const claims = this.#started();
      const output = claims.held(line);
      if (output === undefined) return;
      await this.#off(output);
      claims.release(line);
      this.#settings.delete(line);
    });
  }

  async #off({ line, method }: PwmOutput): Promise<void> {
    const { request } = this.#connection;
    if (method === "hardware") await request(command.HP, line, 0, 0);
    else await request(command.PWM, line, 0);
    await request(command.WRITE, line, this.#settings.get(line)?.inverted === true ? 1 : 0);
  }

  async #restore(request: Request): Promise<void> {
    for (const output of this.#claims?.allHeld() ?? []) {
      const setting = this.#settings.get(output.line);
      if (setting !== undefined) await apply(output, setting, request);
    }
  }

  #started(): PwmClaims {
    if (this.#claims === undefined) throw pwmNotStarted();
    return this.#claims;
  }
}

/** @returns what it has become */
async function apply(
  { line, method }: PwmOutput,
  { frequencyHz, dutyCycle, inverted }: PwmSetting,
  request: Request,
): Promise<PwmSetting> {
  // pigpio turns no signal upside down; one that is on for the rest of the time is the same.
  const on = inverted ? 1 - dutyCycle : dutyCycle;
  const became = (share: number) => (inverted ? 1 - share : share);
  const hertz = Math.round(frequencyHz);
  if (method === "hardware") {
    const millionths = Math.round(on * HARDWARE_RANGE);
    await request(command.HP, line, hertz, millionths);
    return {
      frequencyHz: await request(command.PFG, line),
      dutyCycle: became(millionths / HARDWARE_RANGE),
      inverted,
    };
  }
  const frequency = await request(command.PFS, line, hertz);
  // As many steps as there are at this frequency; it keeps the share of a signal that runs.
  const range = await request(command.PRRG, line);
  if (range < 1) throw new MeshError("UNAVAILABLE", `pigpiod knows no steps of PWM at GPIO${line}`);
  await request(command.PRS, line, range);
  const steps = Math.round(on * range);
  await request(command.PWM, line, steps);
  return { frequencyHz: frequency, dutyCycle: became(steps / range), inverted };
}
