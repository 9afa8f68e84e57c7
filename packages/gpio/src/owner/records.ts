import type { Transaction, WritableDocument } from "@pi-controller/document";
import type { ReservationId, ReservationRecord } from "@pi-controller/schema";
import type { Reservation } from "./reservation.ts";
import type { Genuine, Sealed } from "./sealing.ts";

export interface RecordsComponents {
  readonly own: WritableDocument;
  readonly sealed: Sealed<ReservationRecord>;
}

/**
 * The reservations of this node on its disk. What it promises is on the disk when it resolves; throws as `transact`.
 * It knows what it has written, and takes nothing else for it: others can bring older versions of a record back.
 */
export class Records {
  readonly #own: WritableDocument;
  readonly #sealed: Sealed<ReservationRecord>;
  /** MACs of the records as written last, by id; those that are on their way to the disk included. */
  readonly #latest = new Map<ReservationId, string>();

  constructor(components: RecordsComponents) {
    this.#own = components.own;
    this.#sealed = components.sealed;
  }

  /** From now on this is what this node has written. */
  adopt({ record, mac }: Genuine<ReservationRecord>): void {
    this.#latest.set(record.id, mac);
  }

  /** Ids of all that the document has. */
  ids(): readonly ReservationId[] {
    return this.#sealed.ids(this.#own);
  }

  /** Whether the document has what was written last, or nothing when nothing was. */
  isAsWritten(id: ReservationId): boolean {
    const envelope = this.#own.collection(this.#sealed.collection).get(id);
    const latest = this.#latest.get(id);
    return envelope === undefined ? latest === undefined : latest !== undefined && envelope.mac === latest;
  }

  /** What the document has, when this node wrote it at any time. */
  stored(id: ReservationId): Genuine<ReservationRecord> | undefined {
    const envelope = this.#own.collection(this.#sealed.collection).get(id);
    return envelope === undefined ? undefined : this.#sealed.open(id, envelope);
  }

  /** Puts one and takes others away, in one step: a crash leaves all of it or nothing. */
  async replace(without: readonly ReservationId[], record?: ReservationRecord): Promise<void> {
    if (without.length === 0 && record === undefined) return;
    await this.#own.transact((transaction) => {
      for (const id of without) this.#delete(transaction, id);
      if (record !== undefined) this.#put(transaction, record);
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
        const record = this.#current(transaction, reservation);
        if (record === undefined) return undefined;
        const next = change(record, reservation);
        this.#put(transaction, next);
        return next;
      }),
    );
    for (const [index, reservation] of reservations.entries()) {
      reservation.record = changed[index] ?? reservation.record;
    }
  }

  /** Undoes what others did to the document: records that stand are as written, of others there are none. */
  async repair(standing: readonly Reservation[], without: readonly ReservationId[]): Promise<void> {
    await this.#own.transact((transaction) => {
      for (const reservation of standing) {
        const record = this.#current(transaction, reservation);
        if (record !== undefined) this.#put(transaction, record);
      }
      for (const id of without) if (!this.#latest.has(id)) this.#delete(transaction, id);
    });
  }

  /** What this node wrote last, whatever the document has of it. */
  #current(transaction: Transaction, { id, record }: Reservation): ReservationRecord | undefined {
    const latest = this.#latest.get(id);
    const envelope = transaction.get(this.#sealed.collection, id);
    const stored = envelope === undefined ? undefined : this.#sealed.open(id, envelope);
    if (stored !== undefined && stored.mac === latest) return stored.record;
    // What was to be written did not get to the disk, or somebody else changed the document.
    const isBefore = stored !== undefined && stored.mac === this.#sealed.close(record).mac;
    return isBefore || latest !== undefined ? record : undefined;
  }

  #put(transaction: Transaction, record: ReservationRecord): void {
    const envelope = this.#sealed.close(record);
    transaction.put(this.#sealed.collection, record.id, envelope);
    this.#latest.set(record.id, envelope.mac);
  }

  #delete(transaction: Transaction, id: ReservationId): void {
    transaction.delete(this.#sealed.collection, id);
    this.#latest.delete(id);
  }
}
