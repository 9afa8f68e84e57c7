import type { LineConfig, PwmSetting } from "@pi-controller/hardware";
import type { GpioMode, GpioValue, InputMode, Level, PwmMode } from "@pi-controller/schema";

/** A line that nobody drives. */
export const IDLE_INPUT: LineConfig = {
  direction: "input",
  pull: "none",
  activeLow: false,
  edges: "none",
  debounceMs: 0,
};

/** A line that is read. */
export function inputConfig({ pull, activeLow, edges, debounceMs }: InputMode): LineConfig {
  return { direction: "input", pull, activeLow, edges, debounceMs };
}

/**
 * A line that drives a level. Of a PWM, `low` is what a duty cycle of 0 would be: with an inverted one the line is
 * high.
 */
export function outputConfig(mode: GpioMode, level: Level): LineConfig {
  if (mode.kind === "output") {
    return { direction: "output", activeLow: mode.activeLow, drive: mode.drive, level };
  }
  const activeLow = mode.kind === "pwm" && mode.inverted;
  return { direction: "output", activeLow, drive: "push-pull", level };
}

/** What a PWM makes of a value: what that leaves out stays as it is, or as the mode says. */
export function pwmSetting(
  mode: PwmMode,
  now: { readonly dutyCycle: number | null; readonly frequencyHz: number | null },
  value: GpioValue | null,
): PwmSetting {
  const asked = value === null || "level" in value ? {} : value;
  return {
    dutyCycle: asked.dutyCycle ?? now.dutyCycle ?? mode.dutyCycle,
    frequencyHz: asked.frequencyHz ?? now.frequencyHz ?? mode.frequencyHz,
    inverted: mode.inverted,
  };
}
