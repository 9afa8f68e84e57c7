import { headerOf, type PwmOutput } from "@pi-controller/hardware";
import type { ErrorCode, GpioMode, MeshError } from "@pi-controller/schema";
import { describe, expect, it } from "vitest";
import { claimsOf, modeOf } from "./ledger/ledger.fixture.ts";
import { type RuledBoard, resourceRules } from "./resource-rules.ts";

const headerOfFamily = (family: string) => headerOf({ family, gpioChips: [] });
const allOff: RuledBoard = { i2cBuses: [], spiDevices: [] };
const rulesOf = (family: string, board: Partial<RuledBoard> = {}) =>
  resourceRules(headerOfFamily(family), { ...allOff, ...board });

const input = modeOf({ kind: "input" });
const output = modeOf({ kind: "output" });
const i2c = modeOf({ kind: "i2c" });
const spi = modeOf({ kind: "spi" });
function pwm(method: "auto" | "hardware" | "software" = "auto", frequencyHz = 1_000) {
  const mode = modeOf({ kind: "pwm", method, frequencyHz });
  if (mode.kind !== "pwm") throw new Error("not reached");
  return mode;
}

/** Code and fields of the refusal. */
function refusal(action: () => unknown): readonly [ErrorCode, string, string] {
  try {
    action();
  } catch (error) {
    const { code, details, message } = error as MeshError;
    return [code, (details.fields ?? []).map(({ field }) => field).join(), message];
  }
  throw new Error("expected a refusal");
}

describe("canonical text", () => {
  const rules = rulesOf("pi-4");
  it.each([
    ["GPIO18", "GPIO18"],
    ["gpio18", "GPIO18"],
    ["18", "GPIO18"],
    ["header:12", "GPIO18"],
    ["HEADER:40", "GPIO21"],
    ["I2C-1:0X4A", "i2c-1:0x4a"],
    ["i2c-01:0x03", "i2c-1:0x03"],
    ["i2c-1:0x77", "i2c-1:0x77"],
    ["SPI-0.1", "spi-0.1"],
  ])("of %s is %s, and of that itself", (text, canonical) => {
    expect(rules.canonical(text)).toBe(canonical);
    expect(rules.canonical(canonical)).toBe(canonical);
  });

  it.each([
    ["GPIO28", /not on this board's header/],
    ["header:1", /3\.3 V/],
    ["header:41", /header:40/],
    ["i2c-1:0x02", /0x03 to 0x77/],
    ["i2c-1:0x78", /0x03 to 0x77/],
    ["i2c-1:48", /expected a pin/],
    ["pwm0", /expected a pin/],
    ["", /expected a pin/],
    ["GPIO18 ", /expected a pin/],
  ])("is not made of %j", (text, message) => {
    expect(refusal(() => rules.canonical(text))).toEqual([
      "INVALID_ARGUMENT",
      "resource",
      expect.stringMatching(message),
    ]);
  });
});

describe("claims of a pin", () => {
  const rules = rulesOf("pi-4");

  it("are the pin alone, and of hardware PWM its channel too", () => {
    expect(rules.claims("GPIO18", input)).toEqual(claimsOf("gpio:18"));
    expect(rules.claims("18", output)).toEqual(claimsOf("gpio:18"));
    expect(rules.claims("GPIO18", pwm("hardware"))).toEqual(claimsOf("gpio:18", "pwm:pwm0"));
    expect(rules.claims("GPIO12", pwm("hardware"))).toEqual(claimsOf("gpio:12", "pwm:pwm0"));
    expect(rules.claims("GPIO18", pwm("software"))).toEqual(claimsOf("gpio:18"));
    expect(rules.claims("GPIO17", pwm("auto"))).toEqual(claimsOf("gpio:17"));
  });

  it("are those of hardware for auto that nobody has settled, where the pin has a channel", () => {
    expect(rules.claims("GPIO18", pwm("auto"))).toEqual(claimsOf("gpio:18", "pwm:pwm0"));
  });

  it.each([i2c, spi])("are not had with mode $kind", (mode: GpioMode) => {
    expect(refusal(() => rules.claims("GPIO18", mode)).slice(0, 2)).toEqual([
      "INVALID_ARGUMENT",
      "mode.kind",
    ]);
  });

  it.each(["GPIO0", "GPIO1"])("are refused for %s, which reads the EEPROM of HATs", (pin) => {
    for (const family of ["pi-zero-2w", "pi-4", "pi-5"]) {
      expect(refusal(() => rulesOf(family).claims(pin, input))).toEqual([
        "FAILED_PRECONDITION",
        "resource",
        expect.stringMatching(/ID EEPROM/),
      ]);
    }
  });
});

describe("buses that are on", () => {
  const rules = rulesOf("pi-4", { i2cBuses: [1, 20], spiDevices: ["0.0", "3.0"] });

  it.each([
    ["GPIO2", "i2c-1", "set dtparam=i2c_arm=off in /boot/firmware/config.txt and restart"],
    ["GPIO11", "spi-0", "set dtparam=spi=off in /boot/firmware/config.txt and restart"],
    ["GPIO8", "spi-0", "set dtparam=spi=off in /boot/firmware/config.txt and restart"],
  ])("keep %s from all others, and say how to turn off %s", (pin, bus, how) => {
    for (const mode of [input, output, pwm("software")]) {
      expect(
        refusal(() => rulesOf("pi-4", { i2cBuses: [1], spiDevices: ["0.0"] }).claims(pin, mode)),
      ).toEqual([
        "FAILED_PRECONDITION",
        "resource",
        `${pin} is a pin of ${bus}, which is on. To use it as a pin, ${how}`,
      ]);
    }
  });

  it.each([
    ["pi-4", "uart-1", "GPIO14", "set enable_uart=0 and dtparam=uart1=off in /boot/firmware/config.txt"],
    ["pi-5", "uart-0", "GPIO15", "set enable_uart=0 and dtparam=uart0=off in /boot/firmware/config.txt"],
    ["pi-4", "uart-3", "GPIO4", "take out its dtoverlay in /boot/firmware/config.txt, and restart"],
  ])("of a %s are UARTs too: %s keeps %s from all others", (family, uart, pin, how) => {
    for (const mode of [input, output, pwm("software")]) {
      const refused = refusal(() => rulesOf(family, { uarts: [uart] }).claims(pin, mode));
      expect(refused.slice(0, 2)).toEqual(["FAILED_PRECONDITION", "resource"]);
      expect(refused[2]).toContain(`${pin} is a pin of ${uart}, which is on. To use it as a pin, ${how}`);
    }
    expect(rulesOf(family, { uarts: ["uart-10"] }).claims(pin, output)).toHaveLength(1);
  });

  it("leave alone the pin of a chip select that has no device", () => {
    expect(rules.claims("GPIO7", output)).toEqual(claimsOf("gpio:7"));
  });

  it("leave their pins to others when they are off", () => {
    expect(rulesOf("pi-4").claims("GPIO2", output)).toEqual(claimsOf("gpio:2"));
  });

  it("share their pins among their devices", () => {
    expect(rules.claims("i2c-1:0x48", i2c)).toEqual(claimsOf("i2c-1:0x48", "gpio:2/i2c-1", "gpio:3/i2c-1"));
    expect(rules.claims("spi-0.0", spi)).toEqual(
      claimsOf("spi-0.0", "gpio:8", "gpio:9/spi-0", "gpio:10/spi-0", "gpio:11/spi-0"),
    );
  });

  it("have their devices in no other mode", () => {
    expect(refusal(() => rules.claims("i2c-1:0x48", output)).slice(0, 2)).toEqual([
      "INVALID_ARGUMENT",
      "mode.kind",
    ]);
    expect(refusal(() => rules.claims("spi-0.0", i2c)).slice(0, 2)).toEqual([
      "INVALID_ARGUMENT",
      "mode.kind",
    ]);
  });

  it.each([
    ["i2c-3:0x48", i2c, /i2c-3 is not on.*dtoverlay=i2c3/],
    ["spi-0.1", spi, /spi-0.1 is not on.*dtparam=spi=on/],
    ["spi-1.2", spi, /spi-1.2 is not on.*dtoverlay=spi1-3cs/],
    ["i2c-20:0x50", i2c, /not on the header/],
    ["i2c-0:0x50", i2c, /kept for the ID EEPROM/],
  ])("do not give %s", (device, mode, message) => {
    expect(refusal(() => rules.claims(device, mode))).toEqual([
      "FAILED_PRECONDITION",
      "resource",
      expect.stringMatching(message),
    ]);
  });

  it.each([
    ["i2c-2:0x48", i2c, "dtoverlay=i2c2-pi5,"],
    ["i2c-3:0x48", i2c, "dtoverlay=i2c3-pi5,"],
    ["spi-1.0", spi, "dtoverlay=spi1-1cs,"],
    ["spi-2.1", spi, "dtoverlay=spi2-2cs-pi5,"],
    ["spi-5.0", spi, "dtoverlay=spi5-1cs-pi5,"],
    ["i2c-1:0x48", i2c, "dtparam=i2c_arm=on"],
  ])("of a Pi 5 say of %s which overlay turns it on there", (device, mode, overlay) => {
    expect(refusal(() => rulesOf("pi-5").claims(device, mode))[2]).toContain(overlay);
  });

  it("of a Pi 5 do not give away the one that carries its boot firmware", () => {
    const pi5 = rulesOf("pi-5", { i2cBuses: [1, 13], spiDevices: ["10.0"] });
    expect(refusal(() => pi5.claims("spi-10.0", spi))[2]).toMatch(/not on the header/);
    expect(refusal(() => pi5.claims("i2c-13:0x37", i2c))[2]).toMatch(/not on the header/);
  });

  it("may be on the pins of the EEPROM when an overlay put them there", () => {
    expect(rules.claims("spi-3.0", spi)).toContainEqual({ key: "gpio:1", share: "spi-3" });
  });

  it("of a machine without a header give their devices, which claim nothing else", () => {
    const generic = resourceRules(headerOf({ family: "generic", gpioChips: [] }), {
      i2cBuses: [7],
      spiDevices: ["2.1"],
    });
    expect(generic.claims("i2c-7:0x48", i2c)).toEqual(claimsOf("i2c-7:0x48"));
    expect(generic.claims("spi-2.1", spi)).toEqual(claimsOf("spi-2.1"));
    expect(refusal(() => generic.claims("GPIO18", output))[0]).toBe("INVALID_ARGUMENT");
  });
});

describe("ways to make a PWM signal", () => {
  const at = (line: number, method: PwmOutput["method"], minFrequencyHz: number, maxFrequencyHz: number) => ({
    line,
    method,
    channel: method === "hardware" ? "pwm0" : `software-${line}`,
    minFrequencyHz,
    maxFrequencyHz,
    fixedFunction: false,
  });
  const board = {
    pwm: [at(18, "software", 0.1, 1_000), at(18, "hardware", 10, 1_000_000), at(17, "software", 0.1, 1_000)],
  };
  const rules = rulesOf("pi-4", board);

  it("are hardware first, and by the header where the driver does not say", () => {
    expect(rules.pwmMethods("GPIO18", pwm())).toEqual(["hardware", "software"]);
    expect(rulesOf("pi-4").pwmMethods("GPIO18", pwm())).toEqual(["hardware", "software"]);
    expect(rulesOf("pi-4").pwmMethods("GPIO17", pwm())).toEqual(["software"]);
  });

  it("are the one that was asked for", () => {
    expect(rules.pwmMethods("GPIO18", pwm("software"))).toEqual(["software"]);
    expect(rules.pwmMethods("GPIO18", pwm("hardware"))).toEqual(["hardware"]);
  });

  it("are those that reach the frequency", () => {
    expect(rules.pwmMethods("GPIO18", pwm("auto", 0.5))).toEqual(["software"]);
    expect(rules.claims("GPIO18", pwm("auto", 0.5))).toEqual(claimsOf("gpio:18"));
    expect(rules.pwmMethods("GPIO18", pwm("auto", 50_000))).toEqual(["hardware"]);
    expect(refusal(() => rules.pwmMethods("GPIO18", pwm("auto", 2_000_000)))).toEqual([
      "OUT_OF_RANGE",
      "mode.frequencyHz",
      "expected 10 to 1000000 Hz by hardware or 0.1 to 1000 Hz by software at GPIO18",
    ]);
  });

  it.each([
    [
      "GPIO17",
      "INVALID_ARGUMENT",
      "GPIO17 has no hardware PWM; those that have it are GPIO12, GPIO13, GPIO18, GPIO19",
    ],
    ["GPIO13", "FAILED_PRECONDITION", expect.stringMatching(/GPIO13 is not on: add dtoverlay=pwm/)],
  ])("by hardware are refused for %s, with what would change that", (pin, code, message) => {
    expect(refusal(() => rules.claims(pin, pwm("hardware")))).toEqual([code, "mode.method", message]);
  });

  it("are none where the driver has none", () => {
    expect(refusal(() => rules.claims("GPIO4", pwm()))).toEqual([
      "INVALID_ARGUMENT",
      "mode.method",
      "GPIO4 has no PWM on this node",
    ]);
  });

  it("are none of a device on a bus, nor of a pin that nobody can have", () => {
    const on = rulesOf("pi-4", { i2cBuses: [1] });
    expect(refusal(() => on.pwmMethods("i2c-1:0x48", pwm()))[1]).toBe("mode.kind");
    expect(refusal(() => on.pwmMethods("GPIO2", pwm()))[0]).toBe("FAILED_PRECONDITION");
  });

  it("are the channel alone at a pin that the machine gave to it, which is nothing else", () => {
    const fixed = { ...at(18, "hardware", 0.1, 1_000_000), fixedFunction: true };
    const ofKernel = rulesOf("pi-4", {
      pwm: [fixed, at(18, "software", 0.1, 100), at(17, "software", 0.1, 100)],
    });
    const message = expect.stringMatching(
      /^GPIO18 is the pin of the PWM channel pwm0.*dtoverlay=pwm.*config\.txt/,
    );
    for (const mode of [input, output]) {
      expect(refusal(() => ofKernel.claims("GPIO18", mode))).toEqual([
        "FAILED_PRECONDITION",
        "resource",
        message,
      ]);
    }
    expect(refusal(() => ofKernel.claims("GPIO18", pwm("software")))).toEqual([
      "FAILED_PRECONDITION",
      "mode.method",
      message,
    ]);
    expect(ofKernel.claims("GPIO18", pwm("hardware"))).toEqual(claimsOf("gpio:18", "pwm:pwm0"));
    expect(ofKernel.pwmMethods("GPIO18", pwm("auto", 50))).toEqual(["hardware"]);
    expect(ofKernel.claims("GPIO17", output)).toEqual(claimsOf("gpio:17"));
  });
});
