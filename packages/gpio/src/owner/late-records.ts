import type { WritableDocument } from "@pi-controller/document";
import type { Logger, Unsubscribe } from "@pi-controller/runtime";
import type { ReservationId, ReservationRecord } from "@pi-controller/schema";
import { reservationsCollection } from "../collections.ts";
import type { Leases } from "./lease-file.ts";
import type { Records } from "./records.ts";
import type { Registry } from "./registry.ts";
import type { Genuine } from "./sealing.ts";
import type { StoredAtStart } from "./stored-at-start.ts";
import type { Tokens } from "./tokens.ts";

export interface LateRecordsComponents {
  readonly own: WritableDocument;
  readonly stored: StoredAtStart;
  readonly records: Records;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly logger: Logger;
  /** Whether this node had lost its documents when it started. */
  readonly wasLost: () => boolean;
  readonly restore: (records: readonly ReservationRecord[], leases: Leases | undefined) => Promise<void>;
  /** Runs something in the queue of changes. */
  readonly enqueue: (change: () => Promise<void>) => void;
  readonly onTerms: () => void;
  readonly onFreed: () => Promise<void>;
}

/**
 * Looks after what comes into the own document from elsewhere. A node that was set back, or lost its disk, is given back
 * by others what it had written; any member can make it believe that, and may have kept what was true at some time. So
 * nothing is undone that this life of the node knows of; and a grant is taken over only if this node wrote it, and knows
 * of itself that it has lost some: its documents were not there at the start, or the grant is of a later life than this
 * one can be. All else is taken out again.
 */
export class LateRecords {
  readonly #components: LateRecordsComponents;
  /** All that were restored or taken over in this life: none of them is a second time, once it has ended. */
  readonly #taken = new Set<ReservationId>();
  #isSetBack = false;
  #hasToldOfOthers = false;

  constructor(components: LateRecordsComponents) {
    this.#components = components;
  }

  /** Goes on with what the disk says, and with what has come since it was read. Only then anything may be granted. */
  async start(leases: Leases | undefined): Promise<void> {
    const { stored, records, restore } = this.#components;
    stored.read();
    const own = [...stored.reservations.values()];
    const late = this.#admitted(records.ids().filter((id) => !stored.reservations.has(id)));
    for (const each of [...own, ...late]) this.#take(each);
    await restore(
      [...own, ...late].map(({ record }) => record),
      leases,
    );
  }

  observe(): Unsubscribe {
    const { own, records, stored, enqueue } = this.#components;
    const look = (ids: readonly ReservationId[]) => {
      const changed = ids.filter((id) => !records.isAsWritten(id));
      if (changed.length > 0) enqueue(() => this.#repair(changed));
    };
    // Something may have come, or may have been lost, since the disk was read.
    look([...new Set([...records.ids(), ...stored.reservations.keys()])]);
    return own.collection(reservationsCollection).observe((changes) => look(changes.map(({ id }) => id)));
  }

  async #repair(ids: readonly ReservationId[]): Promise<void> {
    const { records, registry, restore, onTerms, onFreed } = this.#components;
    const changed = ids.filter((id) => !records.isAsWritten(id));
    const standing = changed.flatMap((id) => registry.get(id) ?? []);
    const unknown = changed.filter((id) => registry.get(id) === undefined);
    const admitted = this.#admitted(unknown);
    for (const each of admitted) this.#take(each);
    const without = unknown.filter((id) => !admitted.some(({ record }) => record.id === id));
    if (admitted.length > 0) {
      await restore(
        admitted.map(({ record }) => record),
        undefined,
      );
      onTerms();
      await onFreed();
    }
    if (standing.length === 0 && without.length === 0) return;
    this.#tell(changed);
    await records.repair(standing, without);
  }

  /** Those that came from elsewhere, and are taken over. Who waits in line asks again. */
  #admitted(ids: readonly ReservationId[]): readonly Genuine<ReservationRecord>[] {
    const { records, tokens, wasLost } = this.#components;
    const genuine = ids.flatMap((id) => records.stored(id) ?? []);
    const granted = genuine.filter(({ record: { token } }) => token !== null && !tokens.hasIssued(token));
    this.#isSetBack ||= granted.some(
      ({ record: { token } }) => token !== null && tokens.isOfLaterLife(token),
    );
    if (!this.#isSetBack && !wasLost()) return [];
    return granted.filter(({ record }) => !this.#taken.has(record.id));
  }

  #take(genuine: Genuine<ReservationRecord>): void {
    this.#taken.add(genuine.record.id);
    this.#components.records.adopt(genuine);
  }

  #tell(reservations: readonly ReservationId[]): void {
    if (this.#hasToldOfOthers) return;
    this.#hasToldOfOthers = true;
    this.#components.logger.warn(
      { reservations: reservations.slice(0, 10) },
      "Somebody has changed what this node's own document says of its reservations: that is undone",
    );
  }
}
