import { Emitter, type Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type MeshEvent } from "@pi-controller/schema";
import { type EventFilter, matchesFilter } from "@pi-controller/telemetry";
import type { EventReader, SequencedEvent } from "../event-reader.ts";

/** An event log in memory, for tests. */
export class MemoryEvents implements EventReader {
  readonly logId: string;
  #latest = 0;
  #kept: SequencedEvent[] = [];
  readonly #listeners = new Emitter<SequencedEvent>((error) => {
    throw error;
  });

  constructor(logId = "log-1") {
    this.logId = logId;
  }

  append(...events: readonly MeshEvent[]): void {
    for (const event of events) {
      this.#latest += 1;
      const sequenced = { sequence: this.#latest, event };
      this.#kept.push(sequenced);
      this.#listeners.emit(sequenced);
    }
  }

  /** Forgets all but the newest, as retention does. */
  keep(count: number): void {
    this.#kept = count === 0 ? [] : this.#kept.slice(-count);
  }

  get latestSequence(): number {
    return this.#latest;
  }

  get oldestSequence(): number | undefined {
    return this.#kept[0]?.sequence;
  }

  query(filter: EventFilter, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
    if (Number.isNaN(before)) throw new MeshError("INVALID_ARGUMENT", "Invalid cursor");
    const found = this.#kept
      .filter(({ sequence, event }) => sequence < before && matchesFilter(filter, event))
      .toReversed();
    const shown = found.slice(0, limit);
    return {
      items: shown.map(({ event }) => event),
      nextCursor: found.length > shown.length ? String(shown.at(-1)?.sequence ?? before) : null,
    };
  }

  after(sequence: number, filter: EventFilter, limit: number): readonly SequencedEvent[] {
    const found = this.#kept.filter(
      (entry) => entry.sequence > sequence && matchesFilter(filter, entry.event),
    );
    return found.slice(0, limit);
  }

  observe(listener: (event: SequencedEvent) => void): Unsubscribe {
    return this.#listeners.on(listener);
  }
}
