import type { GpioView, HeaderPin } from "@pi-controller/schema";
import { type PinSignal, signalText } from "./pin-signal.ts";

/** How a place of the header is drawn. */
export type PlaceLook = "power3" | "power5" | "ground" | "reserved" | "bus" | "free" | "mine" | "held";

/** What a place of the header is at the moment. */
export interface PlaceState {
  readonly look: PlaceLook;
  /** What stands beside its name, as `yours: garden-pump`; empty for a free one. */
  readonly note: string;
  /** The sign in the dot: `H`, `L`, `%`, `?`; empty where nothing is known of a level. */
  readonly sign: string;
  readonly level: "high" | "low" | null;
  /** What the sign says, in words, for who cannot see the drawing. */
  readonly said: string;
}

const kindLooks = { "3v3": "power3", "5v": "power5", ground: "ground" } as const;

/**
 * @param view of the reservation that holds it
 * @param mine whether that is the user's own
 * @param signal what is at it; null for what nobody holds
 */
export function placeState(
  pin: HeaderPin,
  view: Pick<GpioView, "name" | "holder"> | null,
  mine: boolean,
  signal: PinSignal | null,
): PlaceState {
  const look = lookOf(pin, view !== null, mine);
  const note = noteOf(pin, view, mine, look);
  const sign = signal === null ? "" : signOf(signal);
  const level = signal?.status === "current" ? signal.level : null;
  const text = signal === null ? null : signalText(signal);
  const said = signal?.status === "unknown" ? lastText(text) : (text ?? "");
  return { look, note, sign, level, said };
}

function lookOf(pin: HeaderPin, isHeld: boolean, mine: boolean): PlaceLook {
  if (pin.kind !== "gpio") return kindLooks[pin.kind];
  if (isHeld) return mine ? "mine" : "held";
  if (pin.reservation !== null) return "held";
  if (pin.reservedFor !== null) return "reserved";
  return pin.bus === null ? "free" : "bus";
}

function noteOf(
  pin: HeaderPin,
  view: Pick<GpioView, "name" | "holder"> | null,
  mine: boolean,
  look: PlaceLook,
): string {
  if (view !== null) {
    const who = mine ? "yours" : view.holder.userName;
    return view.name === undefined ? who : `${who}: ${view.name}`;
  }
  if (look === "held") return "held";
  if (look === "reserved") return "board";
  return look === "bus" ? (pin.bus ?? "") : "";
}

function lastText(text: string | null): string {
  return text === null ? "unknown" : `unknown, last ${text}`;
}

function signOf({ status, level, dutyCycle }: PinSignal): string {
  if (status === "unknown") return "?";
  if (dutyCycle !== null) return "%";
  return level === null ? "" : level === "high" ? "H" : "L";
}
