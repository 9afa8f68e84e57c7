import type { LogChange } from "./store.ts";

/** What a database adds to each entry: its checksum and kind, its number, and the header of its record. */
const ENTRY_OVERHEAD_BYTES = 32;

/** Logs in memory, and how many bytes they take. */
export class LogContent {
  readonly #logs = new Map<string, Uint8Array[]>();
  #bytes = 0;

  get logs(): ReadonlyMap<string, readonly Uint8Array[]> {
    return this.#logs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries are kept, not copied. */
  apply(changes: readonly LogChange[]): void {
    for (const change of changes) {
      const { log } = change;
      if (change.kind !== "append") this.#drop(log);
      if (change.kind === "drop") continue;
      const entries = this.#logs.get(log);
      if (entries === undefined) this.#logs.set(log, [change.entry]);
      else entries.push(change.entry);
      this.#bytes += storedBytes(change);
    }
  }

  /** Puts other bytes of the same length in the place of an entry. */
  exchange(log: string, index: number, entry: Uint8Array): void {
    this.#logs.get(log)?.splice(index, 1, entry);
  }

  /** Shares the entries, which never change. */
  copy(): LogContent {
    const copy = new LogContent();
    for (const [log, entries] of this.#logs) copy.#logs.set(log, [...entries]);
    copy.#bytes = this.#bytes;
    return copy;
  }

  #drop(log: string): void {
    for (const entry of this.#logs.get(log) ?? []) this.#bytes -= storedBytes({ kind: "append", log, entry });
    this.#logs.delete(log);
  }
}

/** What a change adds to a database. */
export function storedBytes(change: LogChange): number {
  return ENTRY_OVERHEAD_BYTES + change.log.length + (change.kind === "drop" ? 0 : change.entry.length);
}
