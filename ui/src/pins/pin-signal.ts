import type { GpioChange, GpioView, Level } from "@pi-controller/schema";
import { formatPercent } from "../format/quantity.ts";

/** What is at a pin, as far as it is known. */
export interface PinSignal {
  /** `unknown`: its owner does not answer, or never told. */
  readonly status: "current" | "unknown";
  readonly level: Level | null;
  readonly dutyCycle: number | null;
  readonly frequencyHz: number | null;
  /** When the owner saw it, by its clock; null when it never did. */
  readonly asOf: string | null;
}

/**
 * The newest of what the list said and what the stream told since, both by the owner's clock. While the node or the
 * stream to it is out of reach it is unknown, with what was last.
 */
export function signalOf(
  view: Pick<GpioView, "observed" | "id">,
  change: GpioChange | undefined,
  interrupted: boolean,
): PinSignal {
  const { observed } = view;
  const last = observed.value ?? observed.lastValue;
  const listed: PinSignal = {
    status: observed.status === "current" && !interrupted ? "current" : "unknown",
    level: last?.level ?? null,
    dutyCycle: last?.dutyCycle ?? null,
    frequencyHz: last?.frequencyHz ?? null,
    asOf: observed.asOf,
  };
  if (change === undefined || change.reservation !== view.id) return listed;
  if (listed.asOf !== null && Date.parse(change.timestamp) <= Date.parse(listed.asOf)) return listed;
  return {
    ...listed,
    status: interrupted ? "unknown" : "current",
    level: change.level,
    dutyCycle: change.dutyCycle,
    asOf: change.timestamp,
  };
}

/** As `high`, `42 % at 1 kHz`, `PWM`; null when nothing is known of it. */
export function signalText({ level, dutyCycle, frequencyHz }: PinSignal): string | null {
  if (dutyCycle !== null) {
    return frequencyHz === null
      ? formatPercent(dutyCycle)
      : `${formatPercent(dutyCycle)} at ${formatFrequency(frequencyHz)}`;
  }
  return level;
}

/** As `50 Hz`, `1 kHz`, `1.25 MHz`. */
export function formatFrequency(hertz: number): string {
  const [factor, unit] =
    hertz >= 1e6 ? ([1e6, "MHz"] as const) : hertz >= 1e3 ? ([1e3, "kHz"] as const) : ([1, "Hz"] as const);
  return `${Number((hertz / factor).toPrecision(4))} ${unit}`;
}
