import type { Header, PwmOutput } from "@pi-controller/hardware";
import { type Board, type GpioMode, MeshError } from "@pi-controller/schema";
import type { Claim, ResourceRules } from "./ledger/ledger.ts";
import { busPins, turnOff, turnOn } from "./resources/bus-pins.ts";
import { fixedPwmAt, pwmMethodsAt, usedByPwm } from "./resources/pwm-methods.ts";
import { type ParsedResource, parseResource, resourceText } from "./resources/resource-text.ts";

/** What of a board decides who can have what. */
export interface RuledBoard extends Pick<Board, "i2cBuses" | "spiDevices" | "uarts"> {
  /** What the driver can do once it has started; left out: hardware PWM where the header has it, software at each pin. */
  readonly pwm?: readonly PwmOutput[];
}

/** The rules of one board, by its header and what is turned on. See `ResourceRules`. */
export function resourceRules(header: Header, board: RuledBoard): ResourceRules {
  const buses = busPins(header, board);

  const pinClaims = (gpio: number, mode: GpioMode): readonly Claim[] => {
    if (mode.kind === "i2c" || mode.kind === "spi") {
      throw wrongMode(`expected input, output or pwm: GPIO${gpio} is a pin`);
    }
    const reservedFor = header.places.find((place) => place.gpio === gpio)?.reservedFor ?? null;
    if (reservedFor !== null) throw notToHave(`GPIO${gpio} is kept for ${reservedFor}`);
    const bus = buses.using(gpio);
    if (bus !== undefined) {
      throw notToHave(`GPIO${gpio} is a pin of ${bus}, which is on. To use it as a pin, ${turnOff(bus)}`);
    }
    const pin: Claim = { key: `gpio:${gpio}`, share: null };
    if (mode.kind !== "pwm") {
      const fixed = fixedPwmAt(gpio, board.pwm);
      if (fixed !== undefined) throw notToHave(usedByPwm(gpio, fixed));
      return [pin];
    }
    const best = pwmMethodsAt(gpio, mode, header, board.pwm)[0];
    return best?.method === "hardware" ? [pin, { key: `pwm:${best.channel}`, share: null }] : [pin];
  };

  const i2cClaims = (device: ParsedResource & { kind: "i2c" }, mode: GpioMode): readonly Claim[] => {
    const text = resourceText(device);
    if (mode.kind !== "i2c") throw wrongMode(`expected i2c: ${text} is an I2C device`);
    const bus = `i2c-${device.bus}`;
    const pins = buses.sharedPins(bus);
    if (!board.i2cBuses.includes(device.bus)) throw notToHave(`${bus} is not on. ${turnOn(header, bus)}`);
    return [{ key: text, share: null }, ...pins.map((gpio) => ({ key: `gpio:${gpio}`, share: bus }))];
  };

  const spiClaims = (device: ParsedResource & { kind: "spi" }, mode: GpioMode): readonly Claim[] => {
    const text = resourceText(device);
    if (mode.kind !== "spi") throw wrongMode(`expected spi: ${text} is an SPI device`);
    const bus = `spi-${device.bus}`;
    const pins = buses.sharedPins(bus);
    if (!board.spiDevices.includes(device.device)) {
      throw notToHave(`${text} is not on. ${turnOn(header, bus, device.chipSelect + 1)}`);
    }
    const select = buses.chipSelect(bus, device.chipSelect);
    return [
      { key: text, share: null },
      ...(select === undefined ? [] : [{ key: `gpio:${select}`, share: null }]),
      ...pins.map((gpio) => ({ key: `gpio:${gpio}`, share: bus })),
    ];
  };

  const claims: ResourceRules["claims"] = (text, mode) => {
    const resource = parseResource(text, header);
    switch (resource.kind) {
      case "pin":
        return pinClaims(resource.gpio, mode);
      case "i2c":
        return i2cClaims(resource, mode);
      case "spi":
        return spiClaims(resource, mode);
    }
  };

  return {
    canonical: (text) => resourceText(parseResource(text, header)),
    claims,
    pwmMethods(text, mode) {
      claims(text, mode);
      const resource = parseResource(text, header);
      if (resource.kind !== "pin") throw wrongMode(`expected ${resource.kind}`);
      return pwmMethodsAt(resource.gpio, mode, header, board.pwm).map(({ method }) => method);
    },
  };
}

function wrongMode(message: string): MeshError {
  const fields = [{ field: "mode.kind", message }];
  return new MeshError("INVALID_ARGUMENT", `Invalid mode: ${message}`, { fields });
}

function notToHave(message: string): MeshError {
  return new MeshError("FAILED_PRECONDITION", message, { fields: [{ field: "resource", message }] });
}
