import type { Random } from "@pi-controller/runtime";
import type { GpioValue } from "@pi-controller/schema";
import type { Grant } from "./grant.ts";
import type { PinHistory } from "./pin-history.ts";
import { signalNumber, signalOf } from "./pin-requests.ts";

/** A value to write, of its own where it can be told from others. */
export function someValue(
  { history, random }: { readonly history: PinHistory; readonly random: Random },
  grant: Grant,
): GpioValue {
  if (grant.terms.kind === "output") return { level: random.next() < 0.5 ? "low" : "high" };
  const number = signalNumber(history.signals.size);
  history.signals.set(number, { grant, untilMs: Number.POSITIVE_INFINITY });
  return { dutyCycle: signalOf(number) };
}

export function valueText(value: GpioValue): string {
  return "level" in value ? value.level : String(value.dutyCycle);
}
