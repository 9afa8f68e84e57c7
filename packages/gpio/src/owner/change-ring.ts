import type { Unsubscribe } from "@pi-controller/runtime";
import type { GpioChange } from "@pi-controller/schema";
import type { ChangeBatch, ChangeFeed } from "./changes.ts";

/** Changes that are kept: four seconds of the most that is asked of a board (1,000 edges a second). */
const CAPACITY = 4_096;

interface Slot {
  readonly change: GpioChange;
  /** Counts all changes from the start of this process. */
  readonly position: number;
  /** How many the kernel had lost until then, of all pins. */
  readonly lostUntil: number;
}

interface Place {
  readonly position: number;
  readonly lost: number;
}

/** The ring behind a `ChangeFeed`. Adding costs no more than what is added, however many read. */
export class ChangeRing implements ChangeFeed {
  readonly #life: string;
  readonly #capacity: number;
  readonly #slots: Slot[] = [];
  /** The last change of each pin: what a reader gets of those that were overwritten. */
  readonly #lastOfPin = new Map<number, Slot>();
  readonly #listeners = new Set<() => void>();
  /** Those that were called and have not been called again since the last read. */
  readonly #called = new Set<() => void>();
  #next = 0;
  #lost = 0;

  /** @param life names this life of the peer: cursors of another one mean nothing here */
  constructor(life: string, capacity = CAPACITY) {
    this.#life = life;
    this.#capacity = capacity;
  }

  /** @param lostBefore how many changes of this pin were lost just before this one */
  add(change: GpioChange, lostBefore = 0): void {
    this.#lost += lostBefore;
    const slot = { change, position: this.#next, lostUntil: this.#lost };
    this.#slots[this.#next % this.#capacity] = slot;
    this.#lastOfPin.set(change.gpio, slot);
    this.#next++;
    for (const listener of this.#listeners) {
      if (this.#called.has(listener)) continue;
      this.#called.add(listener);
      listener();
    }
  }

  cursor(): string {
    return this.#cursorAt({ position: this.#next, lost: this.#lost });
  }

  read(cursor: string, limit: number): ChangeBatch {
    this.#called.clear();
    const from = this.#placeOf(cursor);
    if (from === undefined) return { cursor: this.cursor(), changes: [], coalesced: 0 };
    const slots = this.#from(from.position, limit);
    const last = slots.at(-1);
    const isAll = last === undefined || last.position === this.#next - 1;
    const to = isAll
      ? { position: this.#next, lost: this.#lost }
      : { position: last.position + 1, lost: last.lostUntil };
    return {
      cursor: this.#cursorAt(to),
      changes: slots.map(({ change }) => change),
      coalesced: to.position - from.position - slots.length + (to.lost - from.lost),
    };
  }

  observe(listener: () => void): Unsubscribe {
    // Wrapped, so that a listener given twice is called twice.
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      this.#called.delete(entry);
    };
  }

  #from(position: number, limit: number): readonly Slot[] {
    const oldest = Math.max(0, this.#next - this.#capacity);
    const overwritten = [...this.#lastOfPin.values()]
      .filter((slot) => slot.position >= position && slot.position < oldest)
      .sort((one, other) => one.position - other.position)
      .slice(0, limit);
    const begin = Math.max(position, oldest);
    const end = Math.min(this.#next, begin + limit - overwritten.length);
    const kept = Array.from(
      { length: Math.max(0, end - begin) },
      (_, index) => this.#slots[(begin + index) % this.#capacity] as Slot,
    );
    return [...overwritten, ...kept];
  }

  #cursorAt({ position, lost }: Place): string {
    return `${this.#life}.${position}.${lost}`;
  }

  #placeOf(cursor: string): Place | undefined {
    const [life, position, lost, ...rest] = cursor.split(".");
    const place = { position: Number(position), lost: Number(lost) };
    const isOurs = life === this.#life && rest.length === 0;
    const isIn = (value: number, most: number) => Number.isSafeInteger(value) && value >= 0 && value <= most;
    return isOurs && isIn(place.position, this.#next) && isIn(place.lost, this.#lost) ? place : undefined;
  }
}
