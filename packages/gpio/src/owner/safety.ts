import type { LineConfig, LineLevel, PinHardware } from "@pi-controller/hardware";
import type { GpioMode, MeshError, PwmMode } from "@pi-controller/schema";
import { fixedPwmAt } from "../resources/pwm-methods.ts";
import { asHardwareError, type HardwareCalls } from "./hardware-calls.ts";
import { IDLE_INPUT, outputConfig } from "./line-config.ts";
import type { PinChanges } from "./pin-changes.ts";
import type { Pins } from "./pins.ts";
import type { Reservation } from "./reservation.ts";
import { type SafeState, type Situation, safeStateOf } from "./safe-state.ts";

export interface SafetyComponents {
  readonly hardware: PinHardware;
  readonly calls: HardwareCalls;
  readonly pins: Pick<Pins, "leaveOn">;
  readonly changes: PinChanges;
  readonly onFault: (reservation: Reservation, error: MeshError) => void;
}

interface Plan {
  readonly reservation: Reservation;
  readonly line: number;
  readonly state: SafeState;
  readonly situation: Situation;
  /** The number of this call for the pin: a later one takes over from this one. */
  readonly call: number;
  /** Set where the pin is made safe by its PWM channel alone: see `PwmOutput.fixedFunction`. */
  readonly channel: PwmMode | undefined;
}

/** Makes pins safe. */
export class Safety {
  readonly #components: SafetyComponents;

  constructor(components: SafetyComponents) {
    this.#components = components;
  }

  /**
   * Puts pins into their safe states; those of an ended lease are let go of. The calls that end what plain outputs
   * drive are made before this returns, one for all of them, so that what was written before cannot come after. A
   * failure of one pin keeps no other from its safe state.
   *
   * @returns those that are not safe, with `fault` set: try again
   */
  async makeSafe(
    reservations: readonly Reservation[],
    situation: Situation,
  ): Promise<readonly Reservation[]> {
    const plans = reservations.flatMap((reservation) => this.#plan(reservation, situation) ?? []);
    const drivenTogether = plans.filter(({ reservation, state }) => isPlainDrive(reservation, state));
    const inputsTogether =
      situation === "stopped"
        ? plans.filter(({ reservation, state }) => reservation.pin.use === "output" && state.kind === "input")
        : [];
    const together = [this.#driveTogether(drivenTogether), this.#makeInputs(inputsTogether)];
    const alone = plans
      .filter((plan) => !drivenTogether.includes(plan) && !inputsTogether.includes(plan))
      .map((plan) => this.#safely(plan, () => this.#makeOneSafe(plan)));
    const results = await Promise.all([...together, ...alone.map(async (one) => [await one])]);
    return results.flat().filter((failed) => failed !== undefined);
  }

  #plan(reservation: Reservation, situation: Situation): Plan | undefined {
    const { line, record, pin } = reservation;
    if (line === null) return undefined;
    const channel = this.#channelOf(line, record.mode);
    const wanted = safeStateOf(record, situation);
    // No input can be had of such a pin: low is what is left of its signal.
    const state: SafeState =
      channel !== undefined && wanted.kind === "input" ? { kind: "drive", level: "low" } : wanted;
    // Not even looked at: an input under an emergency stop goes on.
    if (state.kind === "leave" && situation === "stopped") return undefined;
    return { reservation, line, state, situation, call: pin.call(), channel };
  }

  #channelOf(line: number, mode: GpioMode): PwmMode | undefined {
    if (mode.kind !== "pwm" || mode.method !== "hardware") return undefined;
    return fixedPwmAt(line, this.#components.hardware.pwm.outputs()) === undefined ? undefined : mode;
  }

  async #driveTogether(plans: readonly Plan[]): Promise<readonly (Reservation | undefined)[]> {
    if (plans.length === 0) return [];
    const levels = plans.flatMap(({ line, state }): LineLevel[] =>
      state.kind === "drive" ? [{ line, level: state.level }] : [],
    );
    const written = this.#succeeded(this.#components.hardware.gpio.write(levels));
    return Promise.all(
      plans.map((plan) =>
        this.#safely(plan, async () => {
          if (await written) await this.#letGo(plan);
          else await this.#makeOneSafe(plan);
        }),
      ),
    );
  }

  async #makeInputs(plans: readonly Plan[]): Promise<readonly (Reservation | undefined)[]> {
    if (plans.length === 0) return [];
    const lines = new Map<number, LineConfig>(plans.map(({ line }) => [line, IDLE_INPUT]));
    const configured = this.#succeeded(this.#components.hardware.gpio.configure(lines));
    for (const { reservation } of plans) reservation.pin.use = "input";
    return Promise.all(
      plans.map((plan) =>
        this.#safely(plan, async () => {
          if (!(await configured)) await this.#makeOneSafe(plan);
        }),
      ),
    );
  }

  async #makeOneSafe(plan: Plan): Promise<void> {
    const { reservation, line, state, situation, call } = plan;
    const { hardware, calls } = this.#components;
    const { pin, record } = reservation;
    if (plan.channel !== undefined) {
      await this.#steady(plan, plan.channel);
      return;
    }
    // After a call that failed nobody knows whether there is a signal: to end none does nothing.
    const mayHaveSignal = record.mode.kind === "pwm" && (pin.use === "pwm" || pin.use === "none");
    if (state.kind === "leave") {
      if (situation === "ended" && mayHaveSignal) this.#components.pins.leaveOn(line);
      else await this.#letGo(plan);
      return;
    }
    let failure: unknown;
    if (mayHaveSignal) {
      await calls.answered(hardware.pwm.end(line)).catch((error: unknown) => {
        failure = error;
      });
      if (!pin.isLast(call)) return;
      pin.use = "none";
    }
    const config = state.kind === "drive" ? outputConfig(record.mode, state.level) : IDLE_INPUT;
    const configured = hardware.gpio.configure(new Map([[line, config]]));
    pin.use = config.direction;
    await calls.answered(configured);
    // As good as it gets: a signal that goes on would drive the line again.
    if (failure !== undefined) throw failure;
    await this.#letGo(plan);
  }

  /**
   * Lets the signal of a channel stand still, low or high; what stands low, or is over, is let go of. Also a signal that
   * a process before this one left on: to set it takes it over. All calls are made before this returns.
   */
  async #steady({ reservation: { pin }, line, state, situation }: Plan, mode: PwmMode): Promise<void> {
    const { hardware, calls } = this.#components;
    const done: Promise<unknown>[] = [];
    if (state.kind === "drive") {
      const { frequencyHz } = pin.asked ?? mode;
      const still = { frequencyHz, dutyCycle: state.level === "high" ? 1 : 0, inverted: false };
      done.push(hardware.pwm.set(line, "hardware", still));
      pin.use = "pwm";
    }
    if (state.kind === "drive" && state.level === "low") done.push(hardware.pwm.end(line));
    else if (situation === "ended") done.push(hardware.pwm.end(line, "as-is"));
    if (done.length > 1 || situation === "ended") pin.use = "none";
    await calls.answered(Promise.all(done));
  }

  /** What is over is held by this process no longer: what the line does then, it does by itself. */
  async #letGo({ reservation, line, state, situation, call }: Plan): Promise<void> {
    const { pin } = reservation;
    if (situation !== "ended" || pin.use === "none" || !pin.isLast(call)) return;
    const leave = state.kind === "input" ? "input" : "as-is";
    await this.#components.calls.answered(this.#components.hardware.gpio.release(line, leave));
    pin.use = "none";
  }

  /** @returns the reservation when it did not work */
  async #safely(plan: Plan, work: () => Promise<void>): Promise<Reservation | undefined> {
    const { reservation, state, situation, call } = plan;
    const { pin } = reservation;
    try {
      await work();
    } catch (error) {
      if (pin.isLast(call)) pin.use = "none";
      this.#components.onFault(reservation, asHardwareError(error));
      return reservation;
    }
    if (!reservation.isDriven) return undefined;
    pin.asked = null;
    if (situation === "stopped") pin.isStopped = true;
    if (state.kind === "leave") return undefined;
    if (pin.show(call, state.kind === "drive" ? { level: state.level } : {})) {
      this.#components.changes.driven(reservation, "safe");
    }
    return undefined;
  }

  /** @returns false when the call for all has failed: then each one is tried alone, and tells its own error */
  async #succeeded(call: Promise<void>): Promise<boolean> {
    return this.#components.calls.answered(call).then(
      () => true,
      () => false,
    );
  }
}

function isPlainDrive({ pin }: Reservation, state: SafeState): boolean {
  return pin.use === "output" && state.kind === "drive";
}
