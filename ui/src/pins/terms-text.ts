import type { GpioMode, GpioValue, OnExpire, ReservationRecord } from "@pi-controller/schema";
import { formatPercent } from "../format/quantity.ts";
import { formatFrequency } from "./pin-signal.ts";

/** A mode in words, as `output, open-drain, starts low`. */
export function modeText(mode: GpioMode): string {
  switch (mode.kind) {
    case "input":
      return listed([
        "input",
        mode.pull === "none" ? "" : `pull-${mode.pull}`,
        mode.activeLow ? "active low" : "",
        mode.edges === "none" ? "" : mode.edges === "both" ? "both edges" : `${mode.edges} edges`,
        mode.debounceMs === 0 ? "" : `debounced ${mode.debounceMs} ms`,
      ]);
    case "output":
      return listed([
        "output",
        mode.drive === "push-pull" ? "" : mode.drive,
        mode.activeLow ? "active low" : "",
        `starts ${mode.initial}`,
      ]);
    case "pwm":
      return listed([
        "PWM",
        mode.method === "auto" ? "" : `in ${mode.method}`,
        formatFrequency(mode.frequencyHz),
        mode.inverted ? "inverted" : "",
      ]);
    case "i2c":
      return "I2C device";
    case "spi":
      return "SPI device";
  }
}

/** What the owner does with the pin once the lease is over, for whoever chooses. */
export const onExpireTexts: Readonly<Record<OnExpire, string>> = {
  input: "The pin lets go: it becomes an input, and what hangs on it sees no level from here.",
  low: "The pin is driven low and stays so. For what is off when low.",
  high: "The pin is driven high and stays so. For what is off when high, such as many relay boards.",
  hold: "The pin stays as it was, with nobody in charge of it. An emergency stop still lets go of it.",
};

/** What becomes of the pin at the end, after `the pin`. */
export const endTexts: Readonly<Record<OnExpire, string>> = {
  input: "becomes an input",
  low: "goes low",
  high: "goes high",
  hold: "stays as it is",
};

/** A lease in milliseconds as people say it: `250 ms`, `90 s`, `5 min`, `2 h`. */
export function formatTerm(ms: number): string {
  if (ms < 1_000 || ms % 1_000 !== 0) return `${ms} ms`;
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
  ] as const;
  const [unitMs, name] = units.find(([size]) => ms >= size && ms % size === 0) ?? [1_000, "s"];
  return `${ms / unitMs} ${name}`;
}

/** As `a lease of 60 s, renewed while it is wanted`, or that it stands until it is released. */
export function termText({ ttlMs }: Pick<ReservationRecord, "ttlMs">): string {
  return ttlMs === null ? "until it is released" : `a lease of ${formatTerm(ttlMs)} at a time`;
}

/** As `high`, `42 %`, `42 % at 50 Hz`. */
export function valueText(value: GpioValue): string {
  if ("level" in value) return value.level;
  const parts = [
    value.dutyCycle === undefined ? "" : formatPercent(value.dutyCycle),
    value.frequencyHz === undefined ? "" : `at ${formatFrequency(value.frequencyHz)}`,
  ];
  return parts.filter(Boolean).join(" ");
}

function listed(parts: readonly string[]): string {
  return parts.filter(Boolean).join(", ");
}
