import type { Header, PwmOutput } from "@pi-controller/hardware";
import { MeshError, type PwmMode } from "@pi-controller/schema";

type Output = Pick<PwmOutput, "method" | "channel" | "minFrequencyHz" | "maxFrequencyHz">;

/**
 * What can make this signal at a pin: hardware first, as software's edges wait for the scheduler.
 *
 * @param outputs what the driver can do; undefined: not known
 * @throws MeshError INVALID_ARGUMENT that names `mode.method` where the pin cannot have it, FAILED_PRECONDITION where
 *   the overlay is missing, OUT_OF_RANGE that names `mode.frequencyHz` and says the range
 */
export function pwmMethodsAt(
  gpio: number,
  mode: PwmMode,
  header: Header,
  outputs: readonly PwmOutput[] | undefined,
): readonly Output[] {
  const fixed = fixedPwmAt(gpio, outputs);
  if (fixed !== undefined && mode.method === "software") {
    throw refusal("FAILED_PRECONDITION", "mode.method", usedByPwm(gpio, fixed));
  }
  const here =
    fixed === undefined ? (outputs?.filter(({ line }) => line === gpio) ?? byHeader(gpio, header)) : [fixed];
  const possible = here
    .filter(({ method }) => mode.method === "auto" || method === mode.method)
    .sort(byMethod);
  if (possible.length === 0) throw impossible(gpio, mode, header);
  const { frequencyHz } = mode;
  const inRange = possible.filter(
    ({ minFrequencyHz, maxFrequencyHz }) => minFrequencyHz <= frequencyHz && frequencyHz <= maxFrequencyHz,
  );
  if (inRange.length > 0) return inRange;
  const ranges = possible.map(
    ({ method, minFrequencyHz, maxFrequencyHz }) => `${minFrequencyHz} to ${maxFrequencyHz} Hz by ${method}`,
  );
  throw refusal("OUT_OF_RANGE", "mode.frequencyHz", `expected ${ranges.join(" or ")} at GPIO${gpio}`);
}

/** The output whose channel the machine gave the pin to for good. */
export function fixedPwmAt(gpio: number, outputs: readonly PwmOutput[] | undefined): PwmOutput | undefined {
  return outputs?.find(({ line, fixedFunction }) => line === gpio && fixedFunction);
}

/** Why such a pin is nothing else, and what would change that. */
export function usedByPwm(gpio: number, { channel }: Pick<PwmOutput, "channel">): string {
  return (
    `GPIO${gpio} is the pin of the PWM channel ${channel}, which is on: as anything else it would carry no PWM until ` +
    "the next start. To use it otherwise, take out dtoverlay=pwm or pwm-2chan, or name another pin there, in " +
    "/boot/firmware/config.txt and restart"
  );
}

function byMethod(one: Output, other: Output): number {
  return one.method === other.method ? 0 : one.method === "hardware" ? -1 : 1;
}

function byHeader(gpio: number, header: Header): readonly Output[] {
  const range = { minFrequencyHz: 0, maxFrequencyHz: Number.POSITIVE_INFINITY };
  const channel = header.pwm.find((pin) => pin.gpio === gpio)?.channel;
  const software: Output = { method: "software", channel: `software-${gpio}`, ...range };
  return channel === undefined ? [software] : [{ method: "hardware", channel, ...range }, software];
}

function impossible(gpio: number, { method }: PwmMode, header: Header): MeshError {
  if (method !== "hardware") {
    const how = method === "auto" ? "PWM" : "PWM by software";
    return refusal("INVALID_ARGUMENT", "mode.method", `GPIO${gpio} has no ${how} on this node`);
  }
  if (header.pwm.some((pin) => pin.gpio === gpio)) {
    const how = "add dtoverlay=pwm-2chan with this pin to /boot/firmware/config.txt and restart";
    return refusal("FAILED_PRECONDITION", "mode.method", `The PWM of GPIO${gpio} is not on: ${how}`);
  }
  const pins = [...new Set(header.pwm.map((pin) => `GPIO${pin.gpio}`))];
  const who = pins.length === 0 ? "no pin of this board has it" : `those that have it are ${pins.join(", ")}`;
  return refusal("INVALID_ARGUMENT", "mode.method", `GPIO${gpio} has no hardware PWM; ${who}`);
}

function refusal(
  code: "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE",
  field: string,
  message: string,
) {
  return new MeshError(code, message, { fields: [{ field, message }] });
}
