import { type GpioMode, type GpioValue, MeshError } from "@pi-controller/schema";

/**
 * Whether a value is of the kind that the mode takes: a level for an output; duty cycle, frequency or both for PWM.
 *
 * @returns INVALID_ARGUMENT that names the field; undefined when it fits
 */
export function valueFits(mode: GpioMode, value: GpioValue): MeshError | undefined {
  switch (mode.kind) {
    case "output":
      return "level" in value ? undefined : misfit("value.level", "expected low or high: it is an output");
    case "pwm":
      return "level" in value
        ? misfit("value.level", "expected dutyCycle, frequencyHz or both instead: it is a PWM output")
        : undefined;
    case "input":
      return misfit("value", "an input is read, not written");
    case "i2c":
    case "spi":
      return misfit("value", `a device on a bus is reached by transactions: POST .../${mode.kind}`);
  }
}

function misfit(field: string, message: string): MeshError {
  return new MeshError("INVALID_ARGUMENT", `Invalid value: ${field}: ${message}`, {
    fields: [{ field, message }],
  });
}
