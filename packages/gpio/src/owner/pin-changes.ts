import type { Edge } from "@pi-controller/hardware";
import type { Clock } from "@pi-controller/runtime";
import type { GpioChange, NodeId } from "@pi-controller/schema";
import type { ChangeRing } from "./change-ring.ts";
import type { Registry } from "./registry.ts";
import type { Reservation } from "./reservation.ts";

export interface PinChangesComponents {
  readonly registry: Pick<Registry, "atLine">;
  readonly ring: ChangeRing;
  readonly clock: Pick<Clock, "now">;
}

/** Puts what happens at pins into the feed, with whose pin it is. */
export class PinChanges {
  readonly #components: PinChangesComponents;
  readonly #node: NodeId;
  #stamped = { atMs: Number.NaN, text: "" };

  constructor(components: PinChangesComponents, options: { readonly node: NodeId }) {
    this.#components = components;
    this.#node = options.node;
  }

  edges(edges: readonly Edge[]): void {
    const { registry, ring } = this.#components;
    const timestamp = this.#timestamp();
    for (const { line, level, timestampNs, lostBefore } of edges) {
      const reservation = registry.atLine(line);
      if (reservation !== undefined) reservation.pin.level = level;
      const about = this.#about(reservation, line, timestamp);
      const kernelTimestampNs = timestampNs.toString();
      ring.add({ ...about, cause: "edge", level, dutyCycle: null, kernelTimestampNs }, lostBefore);
    }
  }

  /** Tells what a pin has become by a write, or as it was made safe. */
  driven(reservation: Reservation, cause: "write" | "safe"): void {
    const { line, pin } = reservation;
    if (line === null) return;
    const { level, dutyCycle } = pin;
    const about = this.#about(reservation, line, this.#timestamp());
    this.#components.ring.add({ ...about, cause, level, dutyCycle, kernelTimestampNs: null });
  }

  #about(
    reservation: Reservation | undefined,
    gpio: number,
    timestamp: string,
  ): Omit<GpioChange, "cause" | "level" | "dutyCycle" | "kernelTimestampNs"> {
    const record = reservation?.record;
    return {
      type: "gpio.state.changed",
      node: this.#node,
      reservation: record?.id ?? null,
      namespace: record?.namespace ?? null,
      name: record?.name ?? null,
      gpio,
      timestamp,
    };
  }

  /** Many changes are of one ms, and to write a date costs more than all else of a write. */
  #timestamp(): string {
    const atMs = Math.floor(this.#components.clock.now());
    if (this.#stamped.atMs !== atMs) this.#stamped = { atMs, text: new Date(atMs).toISOString() };
    return this.#stamped.text;
  }
}
