import { MeshError } from "@pi-controller/schema";
import type { PwmOutput, PwmSetting } from "./pwm-driver.ts";
import { otherMethod } from "./pwm-errors.ts";

/** Which output has which channel, and what may be asked of it: the rules that all adapters keep alike. */
export class PwmClaims {
  readonly #outputs: readonly PwmOutput[];
  readonly #byLine = new Map<number, PwmOutput>();

  constructor(outputs: readonly PwmOutput[]) {
    this.#outputs = outputs;
  }

  /**
   * Says whether a setting could be given to an output now. Changes nothing: `hold` does, once the hardware agreed.
   *
   * @returns the output
   * @throws MeshError OUT_OF_RANGE, FAILED_PRECONDITION when its channel is in use by another pin, or
   *   the line has a signal by the other method
   */
  check(line: number, method: PwmOutput["method"], setting: PwmSetting): PwmOutput {
    const output = this.#outputs.find((each) => each.line === line && each.method === method);
    if (output === undefined) {
      throw new MeshError("OUT_OF_RANGE", `GPIO${line} has no ${method} PWM${this.#others(method)}`);
    }
    checkRange(output, setting);
    for (const held of this.#byLine.values()) {
      if (held.line !== line && held.channel === output.channel) {
        throw new MeshError(
          "FAILED_PRECONDITION",
          `GPIO${line} has the PWM channel ${output.channel}, which GPIO${held.line} uses now`,
        );
      }
    }
    const held = this.#byLine.get(line);
    if (held !== undefined && held.method !== method) throw otherMethod(line, held.method, method);
    return output;
  }

  hold(output: PwmOutput): void {
    this.#byLine.set(output.line, output);
  }

  /** @returns what the line had, if anything */
  release(line: number): PwmOutput | undefined {
    const output = this.#byLine.get(line);
    this.#byLine.delete(line);
    return output;
  }

  held(line: number): PwmOutput | undefined {
    return this.#byLine.get(line);
  }

  allHeld(): readonly PwmOutput[] {
    return [...this.#byLine.values()];
  }

  #others(method: PwmOutput["method"]): string {
    const lines = this.#outputs.filter((each) => each.method === method).map((each) => `GPIO${each.line}`);
    return lines.length === 0 ? ", nor has any other pin here" : `; there is such at ${lines.join(", ")}`;
  }
}

function checkRange(output: PwmOutput, { frequencyHz, dutyCycle }: PwmSetting): void {
  const { line, method, minFrequencyHz, maxFrequencyHz } = output;
  if (!(frequencyHz >= minFrequencyHz && frequencyHz <= maxFrequencyHz)) {
    throw new MeshError(
      "OUT_OF_RANGE",
      `PWM by ${method} at GPIO${line} goes from ${minFrequencyHz} to ${maxFrequencyHz} Hz, and not at ${frequencyHz} Hz`,
    );
  }
  if (!(dutyCycle >= 0 && dutyCycle <= 1)) {
    throw new MeshError("OUT_OF_RANGE", `A duty cycle goes from 0 to 1, and is not ${dutyCycle}`);
  }
}
