import type { Level, ReservationRecord } from "@pi-controller/schema";

/** Why a pin has to be safe: its lease is over, so that this node lets go of it, or all outputs are stopped. */
export type Situation = "ended" | "stopped";

export type SafeState =
  | { readonly kind: "drive"; readonly level: Level }
  | { readonly kind: "input" }
  /** As it is. */
  | { readonly kind: "leave" };

/**
 * What a pin becomes without its holder. One that was never driven is not driven now either, whatever `onExpire`
 * says; and nothing that might move is left as it is under an emergency stop.
 */
export function safeStateOf(
  { mode, onExpire }: Pick<ReservationRecord, "mode" | "onExpire">,
  situation: Situation,
): SafeState {
  if (mode.kind !== "output" && mode.kind !== "pwm") {
    return situation === "ended" && mode.kind === "input" ? { kind: "input" } : { kind: "leave" };
  }
  switch (onExpire) {
    case "low":
    case "high":
      return { kind: "drive", level: onExpire };
    case "input":
      return { kind: "input" };
    case "hold":
      return situation === "ended" ? { kind: "leave" } : { kind: "input" };
  }
}
