import type { Clock, Timer } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";

/**
 * Calls that drive pins and have no answer yet. Drivers let 256 signals wait, and 1,024 changes of levels: what makes
 * pins safe always finds a place behind these, whatever is written how fast.
 */
const MAX_DRIVING = { signals: 128, levels: 768 } as const;
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
  /** Those that nobody waits for any more count, too: the driver has still to make them. */
  #unanswered = 0;

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock;
  }

  /** Why no more pins are driven before some calls were answered; undefined when they can be. */
  refusal(what: keyof typeof MAX_DRIVING): MeshError | undefined {
    if (this.#unanswered < MAX_DRIVING[what]) return undefined;
    return new MeshError("RESOURCE_EXHAUSTED", "Too much is waiting for this hardware already", {
      retryAfterMs: 1_000,
    });
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
      this.#unanswered++;
      this.#timer ??= this.#clock.setTimer(() => this.#onTimer(), TIMEOUT_MS);
      call.then(
        (result) => {
          this.#unanswered--;
          this.#calls.delete(entry);
          resolve(result);
        },
        (error: unknown) => {
          this.#unanswered--;
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

const REQUESTS_FAULTS = ["OUT_OF_RANGE", "INVALID_ARGUMENT", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"];

/** Whether it is the request that is wrong, or one too many, and not the hardware. */
export function isRequestsFault({ code }: MeshError): boolean {
  return REQUESTS_FAULTS.includes(code);
}
