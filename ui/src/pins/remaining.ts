import type { GpioView } from "@pi-controller/schema";
import { formatCountdown } from "../format/countdown.ts";

/**
 * What is left of a lease, by the owner's word and the time that has passed here since; null when it has no end, or
 * when its owner has not said.
 *
 * @param heardAt monotonic time in ms at which the owner's answer came
 * @param now monotonic time in ms
 */
export function remainingMs(
  { remainingMs }: Pick<GpioView, "remainingMs">,
  heardAt: number,
  now: number,
): number | null {
  return remainingMs === null ? null : Math.max(0, remainingMs - Math.max(0, now - heardAt));
}

/** As `ends in 12 s unless it is renewed`, `until it is released`. */
export function remainingText(view: Pick<GpioView, "ttlMs">, leftMs: number | null): string {
  if (view.ttlMs === null) return "until it is released";
  if (leftMs === null) return "until its lease ends; its owner does not say when";
  return leftMs === 0
    ? "its lease is over by now, unless it was renewed"
    : `ends in ${formatCountdown(leftMs)} unless it is renewed`;
}
