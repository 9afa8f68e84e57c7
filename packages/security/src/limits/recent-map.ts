/** A map of bounded size that forgets what was written longest ago. */
export class RecentMap<Key, Value> {
  readonly #maximum: number;
  readonly #entries = new Map<Key, Value>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maximum) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** What was written longest ago comes first; entries may be deleted meanwhile. */
  entries(): IterableIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }
}
