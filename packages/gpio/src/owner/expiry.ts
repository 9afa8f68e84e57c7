import type { Clock, Timer } from "@pi-controller/runtime";
import type { EndReason } from "../ledger/ledger.ts";
import { overdue } from "../ledger/overdue.ts";
import type { MachineTime } from "./machine-time.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

/** Looks again after this long at the latest: timers do not take the longest terms. */
const MAX_WAIT_MS = 3_600_000;

export interface ExpiryComponents {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly machineTime: MachineTime;
  /** Their time is over; at once, in the turn of the timer. */
  readonly onOverdue: (
    ended: readonly { readonly reservation: Reservation; readonly reason: EndReason }[],
  ) => void;
}

/**
 * One timer for the next end of all leases, waits and watchdogs. A renewal or a write only ever puts an end off, so it
 * costs no timer: the old one goes off, finds nothing, and is set anew.
 */
export class Expiry {
  readonly #components: ExpiryComponents;
  #timer: Timer | undefined;
  #isRunning = false;

  constructor(components: ExpiryComponents) {
    this.#components = components;
  }

  start(): void {
    this.#isRunning = true;
    this.look();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  /** To be called when an end may have come closer. */
  look(): void {
    if (!this.#isRunning) return;
    const { registry, clock, machineTime, onOverdue } = this.#components;
    this.#timer?.cancel();
    const nowMs = machineTime.uptimeMs();
    const { ended, nextMs } = overdue(registry.standing(), nowMs);
    if (nextMs !== null) {
      this.#timer = clock.setTimer(() => this.look(), Math.min(nextMs - nowMs, MAX_WAIT_MS));
    }
    const over = ended.flatMap(({ id, reason }) => {
      const reservation = registry.get(id);
      return reservation === undefined ? [] : [{ reservation, reason }];
    });
    if (over.length > 0) onOverdue(over);
  }
}
