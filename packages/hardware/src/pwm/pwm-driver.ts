import type { Service } from "@pi-controller/runtime";

/** One way to make a PWM signal at one pin. */
export interface PwmOutput {
  /** BCM number. */
  readonly line: number;
  readonly method: "hardware" | "software";
  /** Outputs with one channel share it: only one of them at a time. As `pwm0`, or `software-17`. */
  readonly channel: string;
  readonly minFrequencyHz: number;
  readonly maxFrequencyHz: number;
  /**
   * Whether the machine gave the pin to this channel when it started, and nothing gives it back later: who takes the
   * pin as a GPIO line ends its PWM until the next start. Such a pin is made low or high by its channel alone, and
   * cannot become an input. Source: Linux, drivers/pinctrl/bcm/pinctrl-bcm2835.c (`bcm2835_pmx_gpio_set_direction`,
   * `bcm2835_pmx_gpio_disable_free`) and pinctrl-rp1.c (`rp1_pmx_gpio_set_direction`).
   */
  readonly fixedFunction: boolean;
}

/** A signal. */
export interface PwmSetting {
  readonly frequencyHz: number;
  /** 0 to 1. */
  readonly dutyCycle: number;
  readonly inverted: boolean;
}

/** Port: PWM. Calls take effect in the order in which they were made. */
export interface PwmDriver extends Service {
  /** What there is on this board; fixed from `start` on. */
  outputs(): readonly PwmOutput[];
  /**
   * Begins a signal or changes it, without a glitch where the hardware can.
   *
   * @returns what it has become: hardware divides a clock, and does not reach every value
   * @throws MeshError OUT_OF_RANGE that says the range, FAILED_PRECONDITION when the channel is in use by another pin
   *   or process, UNAVAILABLE when the hardware fails
   */
  set(line: number, method: PwmOutput["method"], setting: PwmSetting): Promise<PwmSetting>;
  /**
   * Ends the signal and lets go of the channel; the pin is low (inverted: high) until somebody sets it up otherwise.
   *
   * @param leave `as-is`: lets go of the channel while its signal goes on, also when this process has ended. Only of
   *   an output with `fixedFunction`: the signal of any other one ends
   */
  end(line: number, leave?: "off" | "as-is"): Promise<void>;
}
