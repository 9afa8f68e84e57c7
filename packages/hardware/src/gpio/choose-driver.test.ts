import { describe, expect, it } from "vitest";
import type { PinHardwareOptions } from "../pin-hardware.ts";
import { chooseDriver } from "./choose-driver.ts";

function choice(
  family: string,
  driver: PinHardwareOptions["driver"],
  { chip = "", labels = [] as readonly string[], simulated = false } = {},
) {
  const gpioChips = labels.map((label) => ({ name: "gpiochip0", label, lines: 58 }));
  return chooseDriver({ family, gpioChips, simulated }, { driver, chip });
}

describe("chooseDriver", () => {
  it("simulates on a simulated board whatever is asked for, and elsewhere when asked", () => {
    expect(choice("pi-5", "gpiod", { simulated: true })).toEqual({ kind: "simulated" });
    expect(choice("generic", "simulated")).toEqual({ kind: "simulated" });
  });

  it("takes the kernel's interface on an RP1, which pigpio does not know", () => {
    expect(choice("pi-5", "auto")).toEqual({ kind: "gpiod", chip: "pinctrl-rp1" });
    expect(choice("cm5", "pigpio")).toMatchObject({
      kind: "none",
      problem: expect.stringContaining("pigpio"),
    });
  });

  it("looks for pigpio first on a Pi up to the 4, unless gpiod or a chip is asked for", () => {
    expect(choice("pi-4", "auto")).toEqual({ kind: "pigpio-or-gpiod", chip: "pinctrl-bcm2711" });
    expect(choice("pi-3", "gpiod")).toEqual({ kind: "gpiod", chip: "pinctrl-bcm2835" });
    expect(choice("pi-4", "auto", { chip: "gpiochip3" })).toEqual({ kind: "gpiod", chip: "gpiochip3" });
  });

  it("uses a chip of another machine when it is named, or when it is labelled as a Pi's", () => {
    expect(choice("generic", "auto", { chip: "gpio-sim.0" })).toEqual({ kind: "gpiod", chip: "gpio-sim.0" });
    expect(choice("generic", "gpiod", { labels: ["pinctrl-rp1"] })).toEqual({
      kind: "gpiod",
      chip: "pinctrl-rp1",
    });
    expect(choice("generic", "auto", { labels: ["INT34C5"] })).toMatchObject({
      kind: "none",
      problem: expect.stringContaining("gpio-chip"),
    });
  });
});
