import type { ReadonlyDocument } from "@pi-controller/document";
import type { EmergencyStop, ReservationRecord } from "@pi-controller/schema";
import { type Genuine, type Seal, sealedReservations, sealedStops } from "./sealing.ts";

export interface StoredAtStartComponents {
  readonly own: ReadonlyDocument;
  readonly seal: Seal;
}

/**
 * What this node's own disk says of its pins. To be read before the network starts: what comes into the own document
 * from then on may be something old, which somebody kept.
 */
export class StoredAtStart {
  readonly #components: StoredAtStartComponents;
  #reservations: ReadonlyMap<string, Genuine<ReservationRecord>> | undefined;
  #stops: ReadonlyMap<string, Genuine<EmergencyStop>> = new Map();

  constructor(components: StoredAtStartComponents) {
    this.#components = components;
  }

  /** Looks, the first time that it is called. The documents have to be open. */
  read(): void {
    if (this.#reservations !== undefined) return;
    const { own } = this.#components;
    this.#reservations = sealedReservations(this.#components).in(own);
    this.#stops = sealedStops(this.#components).in(own);
  }

  get reservations(): ReadonlyMap<string, Genuine<ReservationRecord>> {
    return this.#reservations ?? new Map();
  }

  get stops(): ReadonlyMap<string, Genuine<EmergencyStop>> {
    return this.#stops;
  }
}
