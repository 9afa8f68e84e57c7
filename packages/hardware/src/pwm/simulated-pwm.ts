import { MeshError } from "@pi-controller/schema";
import type { PwmPin } from "../header/header.ts";
import { PwmClaims } from "./pwm-claims.ts";
import type { PwmDriver, PwmOutput, PwmSetting } from "./pwm-driver.ts";
import { pwmNotStarted } from "./pwm-errors.ts";

export interface SimulatedPwmOptions {
  /** The pins of the header that have PWM. */
  readonly pins: readonly PwmPin[];
  /** As with PWM of the kernel; false when left out. */
  readonly fixedFunction?: boolean;
}

/** What a test or a demonstration sees and does behind the driver's back. */
export interface SimulatedPwmControl {
  /** What is at a pin; null when there is no signal. */
  signalAt(line: number): PwmSetting | null;
  /** Lets each call for the pin fail for this reason; null: it works again. */
  fail(line: number, reason: string | null): void;
}

/** The clock that it divides, so that a step is 20 ns. */
const CLOCK_HZ = 50_000_000;
const MIN_FREQUENCY_HZ = 0.1;
const MAX_FREQUENCY_HZ = 1_000_000;

/** PWM hardware that is not there. */
export function simulatedPwm(
  options: SimulatedPwmOptions,
): PwmDriver & { readonly control: SimulatedPwmControl } {
  return new SimulatedPwm(options);
}

class SimulatedPwm implements PwmDriver {
  readonly name = "simulated-pwm";
  readonly control: SimulatedPwmControl;
  readonly #outputs: readonly PwmOutput[];
  readonly #signals = new Map<number, PwmSetting>();
  readonly #failing = new Map<number, string>();
  /** Undefined while it is stopped. */
  #claims: PwmClaims | undefined;

  constructor({ pins, fixedFunction = false }: SimulatedPwmOptions) {
    this.#outputs = pins.map(({ gpio, channel }) => ({
      line: gpio,
      method: "hardware",
      channel,
      minFrequencyHz: MIN_FREQUENCY_HZ,
      maxFrequencyHz: MAX_FREQUENCY_HZ,
      fixedFunction,
    }));
    this.control = {
      signalAt: (line) => this.#signals.get(line) ?? null,
      fail: (line, reason) => {
        if (reason === null) this.#failing.delete(line);
        else this.#failing.set(line, reason);
      },
    };
  }

  async start(): Promise<void> {
    this.#claims = new PwmClaims(this.#outputs);
  }

  async stop(): Promise<void> {
    for (const { line } of this.#claims?.allHeld() ?? []) this.#signals.delete(line);
    this.#claims = undefined;
  }

  outputs(): readonly PwmOutput[] {
    return this.#outputs;
  }

  async set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting> {
    const claims = this.#started();
    const output = claims.check(line, method, setting);
    this.#throwIfFailing(line);
    claims.hold(output);
    // A signal that was left on at another pin of the channel is over.
    for (const other of this.#outputs) if (other.channel === output.channel) this.#signals.delete(other.line);
    const became = divided(setting);
    this.#signals.set(line, became);
    return became;
  }

  async end(line: number, leave: "off" | "as-is" = "off"): Promise<void> {
    const claims = this.#started();
    const held = claims.held(line);
    if (held === undefined) return;
    this.#throwIfFailing(line);
    claims.release(line);
    if (leave === "off" || !held.fixedFunction) this.#signals.delete(line);
  }

  #started(): PwmClaims {
    if (this.#claims === undefined) throw pwmNotStarted();
    return this.#claims;
  }

  #throwIfFailing(line: number): void {
    const reason = this.#failing.get(line);
    if (reason !== undefined) throw new MeshError("UNAVAILABLE", `PWM at GPIO${line} fails: ${reason}`);
  }
}

/** What a divider of whole steps makes of a setting. */
function divided({ frequencyHz, dutyCycle, inverted }: PwmSetting): PwmSetting {
  const period = Math.round(CLOCK_HZ / frequencyHz);
  return {
    frequencyHz: CLOCK_HZ / period,
    dutyCycle: Math.round(dutyCycle * period) / period,
    inverted,
  };
}
