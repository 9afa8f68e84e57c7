import type { NodeId, ReservationId } from "@pi-controller/schema";
import { reservationIdOf } from "../reservation-id.ts";
import { ulidOf } from "./lease-terms.ts";

/** Crockford's base 32, of which ULIDs are made (github.com/ulid/spec). */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export interface RisingIdsComponents {
  /** A new ULID; lower than earlier ones after the wall clock was set back. */
  readonly nextUlid: () => string;
  /** Ids of all reservations that there are. */
  readonly present: () => Iterable<ReservationId>;
}

/**
 * Ids of reservations, each higher than all before it: they are the order in line, and nobody gets ahead in it because
 * the wall clock was set back, or was wrong in an earlier life of this peer.
 */
export class RisingIds {
  readonly #components: RisingIdsComponents;
  readonly #node: NodeId;
  #last = "";

  constructor(components: RisingIdsComponents, options: { readonly node: NodeId }) {
    this.#components = components;
    this.#node = options.node;
  }

  next(): ReservationId {
    const { nextUlid, present } = this.#components;
    for (const id of present()) {
      const ulid = ulidOf(id);
      if (ulid > this.#last) this.#last = ulid;
    }
    const fresh = nextUlid();
    this.#last = fresh > this.#last ? fresh : following(this.#last);
    return reservationIdOf(this.#node, this.#last);
  }
}

/** The next higher one. */
function following(ulid: string): string {
  const kept = ulid.replace(/Z+$/, "");
  const digit = DIGITS.charAt(DIGITS.indexOf(kept.at(-1) ?? "0") + 1);
  return (kept.slice(0, -1) + digit).padEnd(ulid.length, "0");
}
