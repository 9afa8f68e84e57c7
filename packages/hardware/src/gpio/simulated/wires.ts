import type { Level, Pull } from "@pi-controller/schema";

/** What a chip does at one of its pins. Levels are those of the wire. */
export type Pad =
  | { readonly direction: "input"; readonly pull: Pull }
  | {
      readonly direction: "output";
      readonly drive: "push-pull" | "open-drain" | "open-source";
      readonly level: Level;
    };

export const floatingPad: Pad = { direction: "input", pull: "none" };

interface Pin {
  pad: Pad;
  /** What somebody outside moves the wire to; null: nobody does. */
  outside: Level | null;
  /** Shorted to ground or to 3.3 V. */
  stuck: Level | null;
  level: Level;
  /** All pins on its wire, itself among them. */
  net: readonly number[];
}

/**
 * Pins, and wires between them. A short circuit beats an output, that beats what comes from outside (as through a
 * resistor), and that the pulls; of two outputs that disagree low wins, and a wire that floats is low.
 */
export class Wires {
  readonly #pins: readonly Pin[];
  readonly #connections: (readonly [number, number])[] = [];
  readonly #onChange: (line: number, level: Level) => void;

  /** @param onChange called with each pin whose level has changed */
  constructor(lines: number, onChange: (line: number, level: Level) => void) {
    this.#onChange = onChange;
    this.#pins = Array.from({ length: lines }, (_, line) => ({
      pad: floatingPad,
      outside: null,
      stuck: null,
      level: "low",
      net: [line],
    }));
  }

  level(line: number): Level {
    return this.#pin(line).level;
  }

  setPad(line: number, pad: Pad): void {
    const pin = this.#pin(line);
    pin.pad = pad;
    this.#settle(pin.net);
  }

  setOutside(line: number, level: Level | null): void {
    const pin = this.#pin(line);
    pin.outside = level;
    this.#settle(pin.net);
  }

  outside(line: number): Level | null {
    return this.#pin(line).outside;
  }

  setStuck(line: number, level: Level | null): void {
    const pin = this.#pin(line);
    pin.stuck = level;
    this.#settle(pin.net);
  }

  connect(line: number, other: number): void {
    this.#connections.push([line, other]);
    this.#rewire();
  }

  disconnect(line: number, other: number): void {
    const at = this.#connections.findIndex(
      ([one, two]) => (one === line && two === other) || (one === other && two === line),
    );
    if (at < 0) return;
    this.#connections.splice(at, 1);
    this.#rewire();
  }

  #rewire(): void {
    this.#pins.forEach((pin, line) => {
      pin.net = [line];
    });
    for (const [line, other] of this.#connections) {
      const joined = [...new Set([...this.#pin(line).net, ...this.#pin(other).net])];
      for (const member of joined) this.#pin(member).net = joined;
    }
    for (const { net } of this.#pins) this.#settle(net);
  }

  #settle(net: readonly number[]): void {
    const level = this.#levelOf(net);
    for (const line of net) {
      const pin = this.#pin(line);
      if (pin.level === level) continue;
      pin.level = level;
      this.#onChange(line, level);
    }
  }

  #levelOf(net: readonly number[]): Level {
    let driven: Level | null = null;
    let moved: Level | null = null;
    let pulled: Level | null = null;
    for (const line of net) {
      const { pad, outside, stuck } = this.#pin(line);
      if (stuck !== null) return stuck;
      driven = lower(driven, drivenBy(pad));
      moved = lower(moved, outside);
      if (pad.direction === "input" && pad.pull !== "none") pulled = pad.pull === "up" ? "high" : "low";
    }
    return driven ?? moved ?? pulled ?? "low";
  }

  #pin(line: number): Pin {
    const pin = this.#pins[line];
    if (pin === undefined) throw new RangeError(`There is no simulated GPIO${line}`);
    return pin;
  }
}

function lower(one: Level | null, other: Level | null): Level | null {
  return one === "low" || other === null ? one : other;
}

function drivenBy(pad: Pad): Level | null {
  if (pad.direction === "input") return null;
  if (pad.drive === "open-drain" && pad.level === "high") return null;
  if (pad.drive === "open-source" && pad.level === "low") return null;
  return pad.level;
}
