import type { LineConfig, LineLevel, PinHardware } from "@pi-controller/hardware";
import type { Clock } from "@pi-controller/runtime";
import type { GpioValue, Level, MeshError, PwmMode } from "@pi-controller/schema";
import { asHardwareError, type HardwareCalls, isRequestsFault } from "./hardware-calls.ts";
import { inputConfig, outputConfig, pwmSetting } from "./line-config.ts";
import type { PinChanges } from "./pin-changes.ts";
import type { Reservation } from "./reservation.ts";
import { within } from "./within.ts";

/** Who asks what a pin shows is told what was seen last when the hardware takes longer. */
const LOOK_TIMEOUT_MS = 300;

export interface PinsComponents {
  readonly hardware: PinHardware;
  readonly calls: HardwareCalls;
  readonly changes: PinChanges;
  readonly clock: Clock;
  /** A pin that did what it should does not any more. */
  readonly onFault: (reservation: Reservation, error: MeshError) => void;
}

/** A value for a pin that is driven. */
export interface PinValue {
  readonly reservation: Reservation;
  readonly value: GpioValue;
}

/** Sets pins up as their modes say, drives them, and looks at them. */
export class Pins {
  readonly #components: PinsComponents;
  /** PWM signals that go on although their lease is over (`hold`), by line. */
  readonly #leftOn = new Set<number>();

  constructor(components: PinsComponents) {
    this.#components = components;
  }

  /**
   * Takes a pin for its holder. A device on a bus needs nothing. The call of the driver is made before this returns.
   *
   * @param value what it drives from the first moment; null: what the mode says
   * @throws MeshError as the drivers
   */
  async setUp(reservation: Reservation, value: GpioValue | null): Promise<void> {
    const { line, pin } = reservation;
    const { mode } = reservation.record;
    if (line === null) return;
    if (mode.kind === "output") {
      await this.#configure([{ reservation, level: levelOf(value) ?? mode.initial }]);
    } else if (mode.kind === "pwm") {
      await this.#setPwm(reservation, mode, value);
    } else if (mode.kind === "input") {
      const call = pin.call();
      pin.use = "input";
      const configured = this.#components.hardware.gpio.configure(new Map([[line, inputConfig(mode)]]));
      await this.#answered([reservation], configured);
      pin.show(call, {});
    }
  }

  /**
   * Drives pins. All calls of drivers are made before this returns; several levels in one.
   *
   * @returns one promise for each value, which rejects with a MeshError as the drivers
   */
  write(values: readonly PinValue[]): readonly Promise<void>[] {
    const done: Promise<void>[] = [];
    let together: PinLevel[] = [];
    let places: number[] = [];
    const send = () => {
      const answers = this.#drive(together);
      for (const [index, place] of places.entries()) done[place] = answers[index] as Promise<void>;
      together = [];
      places = [];
    };
    for (const [place, { reservation, value }] of values.entries()) {
      const { mode } = reservation.record;
      if (mode.kind === "pwm") {
        done[place] = this.#setPwm(reservation, mode, value).then(() => this.#tell(reservation));
        continue;
      }
      // Two values for one pin are two calls, or nobody knows which of them stands.
      if (together.some((other) => other.reservation === reservation)) send();
      together.push({ reservation, level: levelOf(value) ?? "low" });
      places.push(place);
    }
    send();
    return done;
  }

  /** A PWM signal that nobody holds any more is left on. */
  leaveOn(line: number): void {
    this.#leftOn.add(line);
  }

  /** Reads the levels of pins that have one. @throws MeshError as the driver, and UNAVAILABLE when it takes too long */
  async look(reservations: readonly Reservation[]): Promise<ReadonlyMap<Reservation, Level>> {
    const { hardware, clock } = this.#components;
    const seen = reservations.filter(({ pin }) => pin.use === "input" || pin.use === "output");
    if (seen.length === 0) return new Map();
    const reading = hardware.gpio.read(seen.map(({ line }) => line ?? -1));
    const levels = await within(clock, LOOK_TIMEOUT_MS, "Reading the pins", reading);
    return new Map(seen.map((reservation, index) => [reservation, levels[index] as Level]));
  }

  #drive(levels: readonly PinLevel[]): readonly Promise<void>[] {
    const isOutput = ({ reservation }: PinLevel) => reservation.pin.use === "output";
    const ready = levels.filter(isOutput);
    const others = levels.filter((level) => !isOutput(level));
    const written = ready.length === 0 ? Promise.resolve() : this.#writeLevels(ready);
    const configured = others.length === 0 ? Promise.resolve() : this.#configure(others);
    return levels.map(async (level) => {
      await (ready.includes(level) ? written : configured);
      this.#tell(level.reservation);
    });
  }

  async #writeLevels(levels: readonly PinLevel[]): Promise<void> {
    const reservations = levels.map(({ reservation }) => reservation);
    const calls = reservations.map(({ pin }) => pin.call());
    const lines: LineLevel[] = levels.map(({ reservation, level }) => ({
      line: reservation.line ?? -1,
      level,
    }));
    await this.#answered(reservations, this.#components.hardware.gpio.write(lines));
    for (const [index, { reservation, level }] of levels.entries()) {
      if (reservation.pin.show(calls[index] ?? 0, { level })) reservation.pin.isStopped = false;
    }
  }

  /** Makes outputs of lines that are none, which drive the level from the first moment. */
  async #configure(levels: readonly PinLevel[]): Promise<void> {
    const reservations = levels.map(({ reservation }) => reservation);
    const calls = reservations.map(({ pin }) => pin.call());
    const lines = new Map<number, LineConfig>();
    for (const { reservation, level } of levels) {
      reservation.pin.use = "output";
      lines.set(reservation.line ?? -1, outputConfig(reservation.record.mode, level));
    }
    await this.#answered(reservations, this.#components.hardware.gpio.configure(lines));
    for (const [index, { reservation, level }] of levels.entries()) {
      if (reservation.pin.show(calls[index] ?? 0, { level })) reservation.pin.isStopped = false;
    }
  }

  async #setPwm(reservation: Reservation, mode: PwmMode, value: GpioValue | null): Promise<void> {
    const { pin, line } = reservation;
    const call = pin.call();
    const before = { use: pin.use, asked: pin.asked };
    const setting = pwmSetting(mode, pin.asked ?? mode, value);
    pin.use = "pwm";
    pin.asked = setting;
    const method = mode.method === "hardware" ? "hardware" : "software";
    try {
      const set = this.#components.hardware.pwm.set(line ?? -1, method, setting);
      const pwm = await this.#answered([reservation], set);
      if (pin.show(call, { pwm })) pin.isStopped = false;
    } catch (error) {
      // A value that the hardware cannot do changes nothing of the signal.
      if (pin.isLast(call) && isRequestsFault(asHardwareError(error))) Object.assign(pin, before);
      throw error;
    }
  }

  /** Waits for a driver, and notes what it cannot do. */
  async #answered<T>(reservations: readonly Reservation[], call: Promise<T>): Promise<T> {
    try {
      return await this.#components.calls.answered(call);
    } catch (error) {
      const problem = asHardwareError(error);
      if (!isRequestsFault(problem)) {
        for (const reservation of reservations) {
          // It may have lost the line: the next write takes it anew.
          reservation.pin.use = "none";
          this.#components.onFault(reservation, problem);
        }
      }
      throw problem;
    }
  }

  /** Ends a signal that was left on at this pin, or on its PWM channel. @throws MeshError as the driver */
  async makeWay({ line }: Reservation): Promise<void> {
    const { hardware, calls } = this.#components;
    if (this.#leftOn.size === 0 || line === null) return;
    const channelOf = (gpio: number) =>
      hardware.pwm.outputs().find((output) => output.line === gpio)?.channel;
    for (const other of this.#leftOn) {
      const inTheWay =
        other === line || (channelOf(other) !== undefined && channelOf(other) === channelOf(line));
      if (!inTheWay) continue;
      await calls.answered(hardware.pwm.end(other));
      this.#leftOn.delete(other);
    }
  }

  #tell(reservation: Reservation): void {
    this.#components.changes.driven(reservation, "write");
  }
}

interface PinLevel {
  readonly reservation: Reservation;
  readonly level: Level;
}

function levelOf(value: GpioValue | null): Level | undefined {
  return value !== null && "level" in value ? value.level : undefined;
}
