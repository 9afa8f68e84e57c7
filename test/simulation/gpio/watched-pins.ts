import type { PinHardware } from "@pi-controller/hardware";
import type { Level } from "@pi-controller/schema";

/** What a driver was told to do with a pin. Levels are logical. */
export type PinCall = { readonly line: number } & (
  | { readonly kind: "drive"; readonly level: Level }
  | { readonly kind: "signal"; readonly dutyCycle: number }
  | { readonly kind: "input" | "let-go" | "no-signal" }
);

/**
 * Hardware that tells of each call that changes what is at a pin, in the moment in which it is made: simulated pins do
 * what they are told at once.
 */
export function watchedPins<Hardware extends PinHardware>(
  hardware: Hardware,
  tell: (call: PinCall) => void,
): Hardware {
  const gpio = (): Partial<PinHardware["gpio"]> => ({
    configure: (lines) => {
      for (const [line, config] of lines) {
        if (config.direction === "input") tell({ line, kind: "input" });
        else tell({ line, kind: "drive", level: config.level });
      }
      return hardware.gpio.configure(lines);
    },
    write: (levels) => {
      for (const { line, level } of levels) tell({ line, kind: "drive", level });
      return hardware.gpio.write(levels);
    },
    release: (line, leave) => {
      tell({ line, kind: leave === "input" ? "input" : "let-go" });
      return hardware.gpio.release(line, leave);
    },
  });
  const pwm = (): Partial<PinHardware["pwm"]> => ({
    set: (line, method, setting) => {
      tell({ line, kind: "signal", dutyCycle: setting.dutyCycle });
      return hardware.pwm.set(line, method, setting);
    },
    end: (line, leave) => {
      tell({ line, kind: "no-signal" });
      return hardware.pwm.end(line, leave);
    },
  });
  return new Proxy(hardware, {
    get(target, name) {
      if (name === "gpio") return over(target.gpio, gpio());
      if (name === "pwm") return over(target.pwm, pwm());
      return memberOf(target, name);
    },
  });
}

/** The same, with some members exchanged. */
function over<Target extends object>(target: Target, exchanged: Partial<Target>): Target {
  return new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(exchanged, name)) return Reflect.get(exchanged, name) as unknown;
      return memberOf(target, name);
    },
  });
}

function memberOf(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === "function" ? value.bind(target) : value;
}
