import type { PwmSetting } from "@pi-controller/hardware";
import type { Level, Observed } from "@pi-controller/schema";

/** What a pin was last told to be. `none`: this process has not taken it, or has let go of it. */
export type LineUse = "none" | "input" | "output" | "pwm";

/** What a pin shows. */
export interface Shown {
  readonly level?: Level;
  readonly pwm?: PwmSetting;
}

/**
 * What is known of the hardware behind one reservation. Calls of a driver take effect in the order in which they are
 * made, but their answers may come in another one, and after the lease is over: so each call has a number.
 */
export class PinState {
  use: LineUse = "none";
  /** As it was asked for: what a write leaves out stays so. */
  asked: PwmSetting | null = null;
  level: Level | null = null;
  dutyCycle: number | null = null;
  frequencyHz: number | null = null;
  /** An emergency stop made it safe, and nobody has written since. */
  isStopped = false;
  /** Why the hardware does not do what it should, for people. */
  fault: string | null = null;
  #last = 0;
  #shown = 0;

  /** @returns the number of a call that is made now */
  call(): number {
    return ++this.#last;
  }

  isLast(call: number): boolean {
    return call === this.#last;
  }

  /** @returns whether it shows: false when the answer to a later call was there before */
  show(call: number, { level, pwm }: Shown): boolean {
    if (call < this.#shown) return false;
    this.#shown = call;
    this.level = level ?? null;
    this.dutyCycle = pwm?.dutyCycle ?? null;
    this.frequencyHz = pwm?.frequencyHz ?? null;
    this.fault = null;
    return true;
  }

  observed(): Observed {
    const { level, dutyCycle, frequencyHz, isStopped, fault } = this;
    return { level, dutyCycle, frequencyHz, stopped: isStopped, fault };
  }
}
