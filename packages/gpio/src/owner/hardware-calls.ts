import type { Clock, Timer } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";

/** Longer than any call of a driver takes whose hardware answers at all. */
const TIMEOUT_MS = 5_000;

interface Call {
  readonly untilMs: number;
  readonly giveUp: (error: MeshError) => void;
}

/**
 * Lets nobody wait for ever for hardware that hangs. All calls have the same time, so that they fall due in the order
 * in which they were made and one timer does for all: a write costs a place in a set, and no timer of its own.
 */
export class HardwareCalls {
  readonly #clock: Clock;
  readonly #calls = new Set<Call>();
  #timer: Timer | undefined;

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock;
  }

  /**
   * Waits for a call that was made.
   *
   * @throws MeshError: what the driver threw, or UNAVAILABLE when it threw something else or did not answer
   */
  answered<T>(call: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Call = { untilMs: this.#clock.monotonic() + TIMEOUT_MS, giveUp: reject };
      this.#calls.add(entry);
      this.#timer ??= this.#clock.setTimer(() => this.#onTimer(), TIMEOUT_MS);
      call.then(
        (result) => {
          this.#calls.delete(entry);
          resolve(result);
        },
        (error: unknown) => {
          this.#calls.delete(entry);
          reject(asHardwareError(error));
        },
      );
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #onTimer(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonic();
    for (const call of this.#calls) {
      if (call.untilMs > nowMs) {
        this.#timer = this.#clock.setTimer(() => this.#onTimer(), call.untilMs - nowMs);
        return;
      }
      this.#calls.delete(call);
      call.giveUp(new MeshError("UNAVAILABLE", `The hardware did not answer within ${TIMEOUT_MS} ms`));
    }
  }
}

/** What a driver threw, as whoever asked is told it. */
export function asHardwareError(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  return new MeshError("UNAVAILABLE", "The hardware does not do what it is told", {}, { cause: error });
}

/** Whether it is the request that is wrong, and not the hardware. */
export function isRequestsFault({ code }: MeshError): boolean {
  return code === "OUT_OF_RANGE" || code === "INVALID_ARGUMENT" || code === "UNIMPLEMENTED";
}
