import type { LineConfig, LineLevel, PinHardware } from "@pi-controller/hardware";
import type { Clock } from "@pi-controller/runtime";
import type { GpioValue, InputMode, Level, MeshError, PwmMode } from "@pi-controller/schema";
import { asHardwareError, type HardwareCalls, isRequestsFault } from "./hardware-calls.ts";
import { inputConfig, outputConfig, pwmSetting } from "./line-config.ts";
import type { PinChanges } from "./pin-changes.ts";
import type { LineUse } from "./pin-state.ts";
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
    const { mode } = reservation.record;
    if (reservation.line === null) return;
    let error: MeshError | undefined;
    if (mode.kind === "output") {
      error = await this.#send([{ reservation, value: value ?? { level: mode.initial } }]);
    } else if (mode.kind === "pwm") {
      error = await this.#send([{ reservation, value: value ?? {} }]);
    } else if (mode.kind === "input") {
      error = await this.#makeInput(reservation, mode);
    }
    if (error !== undefined) throw error;
  }

  /**
   * Drives pins. All calls of drivers are made before this returns: one for all levels of pins that are outputs
   * already, unless one pin gets several.
   *
   * @returns for each value why it is not driven; empty when all are
   */
  async write(values: readonly PinValue[]): Promise<readonly (MeshError | undefined)[]> {
    const groups = groupsOf(values);
    const answers = groups.map((group) => this.#send(group));
    const errors = new Map<PinValue, MeshError>();
    for (let index = 0; index < groups.length; index++) {
      const error = await answers[index];
      for (const value of groups[index] ?? []) {
        if (error === undefined) this.#components.changes.driven(value.reservation, "write");
        else errors.set(value, error);
      }
    }
    return errors.size === 0 ? [] : values.map((value) => errors.get(value));
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
    const reading = hardware.gpio.read(seen.map(lineOf));
    const levels = await within(clock, LOOK_TIMEOUT_MS, "Reading the pins", reading);
    return new Map(seen.map((reservation, index) => [reservation, levels[index] as Level]));
  }

  /** Makes one call of a driver for all of the group, before it returns. */
  #send(group: readonly PinValue[]): Promise<MeshError | undefined> {
    const mode = group[0]?.reservation.record.mode;
    const refusal = this.#components.calls.refusal(mode?.kind === "pwm" ? "signals" : "levels");
    if (refusal !== undefined) return Promise.resolve(refusal);
    const use = group[0]?.reservation.pin.use;
    if (mode?.kind === "pwm") return this.#setPwm(group[0] as PinValue, mode);
    return use === "output" ? this.#writeLevels(group) : this.#makeOutputs(group);
  }

  #writeLevels(group: readonly PinValue[]): Promise<MeshError | undefined> {
    const levels = group.map(
      ({ reservation, value }): LineLevel => ({ line: lineOf(reservation), level: levelOf(value) }),
    );
    return this.#toLevels(group, () => this.#components.hardware.gpio.write(levels));
  }

  /** Takes lines that are no outputs; they drive the level from the first moment. */
  #makeOutputs(group: readonly PinValue[]): Promise<MeshError | undefined> {
    const lines = new Map<number, LineConfig>();
    for (const { reservation, value } of group) {
      reservation.pin.use = "output";
      lines.set(lineOf(reservation), outputConfig(reservation.record.mode, levelOf(value)));
    }
    return this.#toLevels(group, () => this.#components.hardware.gpio.configure(lines));
  }

  async #toLevels(group: readonly PinValue[], drive: () => Promise<void>): Promise<MeshError | undefined> {
    const calls = group.map(({ reservation }) => reservation.pin.call());
    try {
      await this.#components.calls.answered(drive());
    } catch (error) {
      const problem = asHardwareError(error);
      for (const [index, { reservation }] of group.entries())
        this.#failed(reservation, calls[index], problem);
      return problem;
    }
    group.forEach(({ reservation: { pin }, value }, index) => {
      if (pin.show(calls[index] ?? 0, { level: levelOf(value) })) pin.isStopped = false;
    });
    return undefined;
  }

  async #setPwm({ reservation, value }: PinValue, mode: PwmMode): Promise<MeshError | undefined> {
    const { pin } = reservation;
    const call = pin.call();
    const before = { use: pin.use, asked: pin.asked };
    const setting = pwmSetting(mode, pin.asked ?? mode, value);
    pin.use = "pwm";
    pin.asked = setting;
    const method = mode.method === "hardware" ? "hardware" : "software";
    const { hardware, calls } = this.#components;
    try {
      const pwm = await calls.answered(hardware.pwm.set(lineOf(reservation), method, setting));
      if (pin.show(call, { pwm })) pin.isStopped = false;
      return undefined;
    } catch (error) {
      const problem = asHardwareError(error);
      this.#failed(reservation, call, problem);
      // A value that the hardware cannot do changes nothing of the signal.
      if (pin.isLast(call) && isRequestsFault(problem)) Object.assign(pin, before);
      return problem;
    }
  }

  async #makeInput(reservation: Reservation, mode: InputMode): Promise<MeshError | undefined> {
    const { pin } = reservation;
    const { hardware, calls } = this.#components;
    const call = pin.call();
    pin.use = "input";
    try {
      await calls.answered(hardware.gpio.configure(new Map([[lineOf(reservation), inputConfig(mode)]])));
      pin.show(call, {});
      return undefined;
    } catch (error) {
      const problem = asHardwareError(error);
      this.#failed(reservation, call, problem);
      return problem;
    }
  }

  #failed(reservation: Reservation, call: number | undefined, problem: MeshError): void {
    if (isRequestsFault(problem)) return;
    const { pin } = reservation;
    // It may have lost the line: the next write takes it anew.
    if (call !== undefined && pin.isLast(call)) pin.use = "none";
    this.#components.onFault(reservation, problem);
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
}

/**
 * What one call of a driver can do: levels of lines that are outputs already; lines that are to become outputs; one
 * PWM. Of two values for one pin the later one has to be in a later call, or nobody knows which of them stands.
 */
function groupsOf(values: readonly PinValue[]): readonly (readonly PinValue[])[] {
  if (values.length === 1) return [values];
  const groups: PinValue[][] = [];
  let open = new Map<LineUse, PinValue[]>();
  let seen = new Set<Reservation>();
  for (const value of values) {
    const { record, pin } = value.reservation;
    if (seen.has(value.reservation)) {
      open = new Map();
      seen = new Set();
    }
    seen.add(value.reservation);
    const use = record.mode.kind === "pwm" ? "pwm" : pin.use === "output" ? "output" : "none";
    const group = use === "pwm" ? undefined : open.get(use);
    if (group !== undefined) {
      group.push(value);
      continue;
    }
    const next = [value];
    open.set(use, next);
    groups.push(next);
  }
  return groups;
}

function levelOf(value: GpioValue): Level {
  return "level" in value ? value.level : "low";
}

/** @returns one that no chip has for what is no pin */
function lineOf({ line }: Reservation): number {
  return line ?? -1;
}
