import { backoffMs, type Clock, type Random, type Timer } from "@pi-controller/runtime";
import { type BringUpComponents, bringUp } from "./bring-up.ts";
import type { Endings } from "./endings.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

/** A pin that is not safe has to be as soon as its hardware works again. */
const BACKOFF = { initialMs: 1_000, maximumMs: 10_000, jitterFraction: 0.2 };

export interface RepairsComponents extends BringUpComponents {
  readonly registry: Registry;
  readonly endings: Endings;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs something in the queue of changes. */
  readonly enqueue: (change: () => Promise<void>) => void;
  /** Pins have become free. */
  readonly onFreed: () => Promise<void>;
}

/**
 * Tries again what hardware or disk did not do: pins of leases that are over and are not safe, outputs that an
 * emergency stop could not stop, pins of grants that could not be set up, stops that the disk did not take. Until it works, the more slowly the longer
 * it does not.
 */
export class Repairs {
  readonly #components: RepairsComponents;
  #failures = 0;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(components: RepairsComponents) {
    this.#components = components;
  }

  /** Something is to be tried again. */
  needed(): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    this.#failures++;
    const { clock, random, enqueue } = this.#components;
    this.#timer = clock.setTimer(
      () => {
        this.#timer = undefined;
        enqueue(() => this.#repair());
      },
      backoffMs(this.#failures, BACKOFF, random),
    );
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Hardware first: a disk that still refuses keeps no output from its safe state. */
  async #repair(): Promise<void> {
    if (this.#isStopped) return;
    const { registry, endings, onFreed } = this.#components;
    await this.#stopOutputs();
    for (const reservation of registry.all()) {
      if (reservation.phase === "setting-up") await this.#bringUp(reservation);
    }
    await this.#storeStops();
    const ended = registry.all().filter(({ phase }) => phase === "ended");
    // Those that are safe on the disk, too, are gone after this.
    await endings.finish(endings.begin(ended, "expired", ""), { correlationId: undefined });
    // Also without an end: that the next in line gets a pin may be what could not be written down.
    await onFreed();
    if (this.#timer === undefined) this.#failures = 0;
  }

  async #stopOutputs(): Promise<void> {
    const { registry, safety, stops } = this.#components;
    if (stops.current === undefined) return;
    const unsafe = registry.driven().filter(({ pin, phase }) => phase === "held" && !pin.isStopped);
    if ((await safety.makeSafe(unsafe, "stopped")).length > 0) this.needed();
  }

  async #storeStops(): Promise<void> {
    try {
      await this.#components.stops.storeLatched();
    } catch {
      // Whoever set the stop was told; it stands until a restart, and after one, too, once this works.
      this.needed();
    }
  }

  async #bringUp(reservation: Reservation): Promise<void> {
    try {
      if (!(await bringUp(this.#components, reservation)) && reservation.phase === "setting-up")
        this.needed();
    } catch {
      // Its fault was told when it was first seen.
      this.needed();
    }
  }
}
