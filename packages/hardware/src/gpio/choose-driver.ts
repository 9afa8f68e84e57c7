import type { Board } from "@pi-controller/schema";
import { headerChipLabel } from "../header/header-of.ts";
import type { PinHardwareOptions } from "../pin-hardware.ts";

export type DriverChoice =
  | { readonly kind: "simulated" | "pigpio" }
  /** @property chip label or name of the chip */
  | { readonly kind: "gpiod" | "pigpio-or-gpiod"; readonly chip: string }
  | { readonly kind: "none"; readonly problem: string };

const RP1 = "pinctrl-rp1";

/** Which adapters serve a board's header. */
export function chooseDriver(
  board: Pick<Board, "family" | "gpioChips" | "simulated">,
  { driver, chip: wantedChip }: Pick<PinHardwareOptions, "driver" | "chip">,
): DriverChoice {
  if (board.simulated || driver === "simulated") return { kind: "simulated" };
  const headerChip = headerChipLabel(board);
  const chip = wantedChip === "" ? headerChip : wantedChip;
  if (driver === "pigpio") {
    // joan2937/pigpio issue 589: the Pi 5's GPIO is in another chip, of which pigpio knows nothing.
    if (headerChip === RP1) return none("pigpio does not run on a Raspberry Pi 5, 500 or CM5: use gpiod");
    return { kind: "pigpio" };
  }
  if (chip === undefined) {
    return none(
      "This machine has no Raspberry Pi header; the option gpio-chip names the GPIO chip to use instead, if it has one",
    );
  }
  const hasPigpio = driver === "auto" && headerChip !== undefined && headerChip !== RP1 && wantedChip === "";
  return { kind: hasPigpio ? "pigpio-or-gpiod" : "gpiod", chip };
}

function none(problem: string): DriverChoice {
  return { kind: "none", problem };
}
