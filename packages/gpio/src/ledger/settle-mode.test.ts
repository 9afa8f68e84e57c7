import { headerOf } from "@pi-controller/hardware";
import type { GpioMode } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { resourceRules } from "../resource-rules.ts";
import { claimsOf, entryOf, ledgerOf, modeOf } from "./ledger.fixture.ts";
import { settleMode } from "./settle-mode.ts";

const rules = resourceRules(headerOf({ family: "pi-4", gpioChips: [] }), { i2cBuses: [], spiDevices: [] });
const auto = modeOf({ kind: "pwm" });
const methodOf = (mode: GpioMode) => (mode.kind === "pwm" ? mode.method : undefined);
const channelOfGpio12 = { claims: claimsOf("gpio:12", "pwm:pwm0") };

describe("settleMode", () => {
  it("takes hardware where there is some, and software elsewhere", () => {
    expect(settleMode(ledgerOf(), rules, "GPIO18", auto)).toEqual({ ...auto, method: "hardware" });
    expect(methodOf(settleMode(ledgerOf(), rules, "GPIO17", auto))).toBe("software");
  });

  it("takes software when another pin has the channel, or waits for it", () => {
    for (const state of ["granted", "waiting"] as const) {
      const ledger = ledgerOf(entryOf(1, { state, resource: "GPIO12" }, channelOfGpio12));
      expect(methodOf(settleMode(ledger, rules, "GPIO18", auto))).toBe("software");
      expect(methodOf(settleMode(ledger, rules, "GPIO19", auto))).toBe("hardware");
    }
  });

  it("waits for hardware behind whoever has the pin with its channel", () => {
    const ledger = ledgerOf(entryOf(1, { state: "granted" }, { claims: claimsOf("gpio:18", "pwm:pwm0") }));
    expect(methodOf(settleMode(ledger, rules, "GPIO18", auto))).toBe("hardware");
  });

  it("leaves alone what was said, and what is no PWM", () => {
    const ledger = ledgerOf(entryOf(1, { state: "granted", resource: "GPIO12" }, channelOfGpio12));
    for (const mode of [modeOf({ kind: "pwm", method: "hardware" }), modeOf({ kind: "output" })]) {
      expect(settleMode(ledger, rules, "GPIO18", mode)).toBe(mode);
    }
  });
});
