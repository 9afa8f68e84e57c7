import type { Clock } from "@pi-controller/runtime";
import {
  type Heard,
  type MembershipState,
  type Observed,
  type RemoteValue,
  type ReservationId,
  remoteValue,
} from "@pi-controller/schema";

/** Some hundred bytes each. */
const MAX_KEPT = 8_192;
/** Of what a fault is told with: the owner's words, and a hostile owner has many. */
const MAX_FAULT_CHARACTERS = 500;

interface Kept {
  readonly value: Observed;
  readonly asOf: string;
  readonly heardAtMs: number;
}

/** What owners said last of their pins, in bounded memory: all that is left when they cannot be asked any more. */
export class HeardPins {
  readonly #clock: Pick<Clock, "monotonic">;
  /** Heard longest ago first. */
  readonly #kept = new Map<ReservationId, Kept>();

  constructor(components: { readonly clock: Pick<Clock, "monotonic"> }) {
    this.#clock = components.clock;
  }

  /** The owner has just said so: that is how it is now, whatever is believed of the owner. */
  current(
    id: ReservationId,
    { observed, asOf }: { readonly observed: Observed; readonly asOf: string },
    membership: MembershipState,
  ): RemoteValue<Observed> {
    const fault = observed.fault?.slice(0, MAX_FAULT_CHARACTERS) ?? null;
    const kept = { value: { ...observed, fault }, asOf, heardAtMs: this.#clock.monotonic() };
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    if (this.#kept.size > MAX_KEPT) {
      for (const oldest of this.#kept.keys()) {
        this.#kept.delete(oldest);
        break;
      }
    }
    const value = remoteValue(this.#heard(kept), "alive", 0);
    return { ...value, membership };
  }

  /** The owner was asked and did not answer, or was not asked: what it said last, which says nothing of now. */
  unknown(id: ReservationId, membership: MembershipState): RemoteValue<Observed> {
    const kept = this.#kept.get(id);
    return remoteValue(kept && this.#heard(kept), membership, Number.NEGATIVE_INFINITY);
  }

  #heard({ value, asOf, heardAtMs }: Kept): Heard<Observed> {
    return { value, asOf, ageMs: Math.max(0, Math.round(this.#clock.monotonic() - heardAtMs)) };
  }
}
