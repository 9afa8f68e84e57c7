import type { SharedDocument } from "./shared-document.ts";
import { encodeWrites, type Write } from "./update-encoder.ts";

/**
 * What transactions want to write into one document, before it is written. Of several values for one id only
 * the last one counts, so that it leaves no tombstones of the others.
 */
export class Draft {
  readonly #document: SharedDocument;
  readonly #client: number;
  readonly #base: Draft | undefined;
  readonly #writes = new Map<string, Write>();

  /** @param base a draft of the same document that this one adds to, when it is merged */
  constructor(document: SharedDocument, client: number, base?: Draft) {
    this.#document = document;
    this.#client = client;
    this.#base = base;
  }

  /** The record as it will be. */
  record(collection: string, id: string): string | undefined {
    const write = this.#writes.get(keyOf(collection, id));
    return write === undefined ? (this.#base ?? this.#document).record(collection, id) : write.record;
  }

  /** Whether the record comes from this draft, or the one that it was forked from, and not from the document. */
  isWritten(collection: string, id: string): boolean {
    return this.#writes.has(keyOf(collection, id)) || this.#base?.isWritten(collection, id) === true;
  }

  /** Ids of a collection as they will be. */
  ids(collection: string): readonly string[] {
    const ids = new Set((this.#base ?? this.#document).ids(collection));
    for (const write of this.#writes.values()) {
      if (write.collection !== collection) continue;
      if (write.record === undefined) ids.delete(write.id);
      else ids.add(write.id);
    }
    return [...ids];
  }

  /** @param record JSON; undefined deletes */
  write(collection: string, id: string, record: string | undefined): void {
    this.#writes.set(keyOf(collection, id), { collection, id, record });
  }

  /** A draft that sees this one's writes, and whose own ones count once it is merged. */
  fork(): Draft {
    return new Draft(this.#document, this.#client, this);
  }

  /** Gives its writes to the draft that it was forked from. */
  merge(): void {
    const base = this.#base;
    if (base === undefined) return;
    for (const [key, write] of this.#writes) base.#writes.set(key, write);
  }

  /** The writes that change something: writing what is there already costs nothing. */
  changes(): readonly Write[] {
    return [...this.#writes.values()].filter(
      ({ collection, id, record }) => record !== this.#document.record(collection, id),
    );
  }

  /** The Yjs update that does it, or undefined when nothing would change. */
  encode(): Uint8Array | undefined {
    const changes = this.changes();
    return changes.length === 0 ? undefined : encodeWrites(this.#document, this.#client, changes);
  }
}

function keyOf(collection: string, id: string): string {
  return `${collection}\0${id}`;
}
