import type { WritableDocument } from "@pi-controller/document";
import type { ReservationId, ReservationRecord } from "@pi-controller/schema";
import { reservationsCollection } from "../collections.ts";
import type { Reservation } from "./reservation.ts";

/** The reservations of this node on its disk. What it promises is on the disk when it resolves; throws as `transact`. */
export class Records {
  readonly #own: WritableDocument;

  constructor(components: { readonly own: WritableDocument }) {
    this.#own = components.own;
  }

  all(): readonly ReservationRecord[] {
    return this.#own.collection(reservationsCollection).all();
  }

  /** Puts one and takes others away, in one step: a crash leaves all of it or nothing. */
  async replace(without: readonly ReservationId[], record?: ReservationRecord): Promise<void> {
    if (without.length === 0 && record === undefined) return;
    await this.#own.transact((transaction) => {
      for (const id of without) transaction.delete(reservationsCollection, id);
      if (record !== undefined) transaction.put(reservationsCollection, record.id, record);
    });
  }

  /**
   * Changes records as they are when the turn of this change has come, here and on the disk. One that is not there any
   * more stays away.
   */
  async change(
    reservations: readonly Reservation[],
    change: (record: ReservationRecord, reservation: Reservation) => ReservationRecord,
  ): Promise<void> {
    const changed = await this.#own.transact((transaction) =>
      reservations.map((reservation) => {
        const record = transaction.get(reservationsCollection, reservation.id);
        if (record === undefined) return undefined;
        const next = change(record, reservation);
        transaction.put(reservationsCollection, reservation.id, next);
        return next;
      }),
    );
    for (const [index, reservation] of reservations.entries()) {
      reservation.record = changed[index] ?? reservation.record;
    }
  }
}
