import { SharedDocument, type Touched } from "../content/shared-document.ts";

/** A log is compacted into one snapshot when it has this many entries more, or this many bytes. */
const MAX_ENTRIES = 1000;
const MIN_BYTES = 256 * 1024;

/** A document together with the log that it is stored in. */
export class Replica {
  readonly log: string;
  readonly document = new SharedDocument();
  readonly #isAuthor: (client: number) => boolean;
  #snapshotBytes = 0;
  #appendedBytes = 0;
  #appended = 0;

  /** @param isAuthor who may write into this document, as far as client ids tell */
  constructor(log: string, isAuthor: (client: number) => boolean) {
    this.log = log;
    this.#isAuthor = isAuthor;
  }

  isAuthor(client: number): boolean {
    return this.#isAuthor(client);
  }

  /** Bytes in the log: what the document takes on disk, and about what it takes on the wire. */
  get bytes(): number {
    return this.#snapshotBytes + this.#appendedBytes;
  }

  /** Whether reading the log has become needlessly long. */
  get wantsSnapshot(): boolean {
    return this.#appended >= MAX_ENTRIES || this.#appendedBytes > Math.max(MIN_BYTES, this.#snapshotBytes);
  }

  /** Applies what the log held when it was read. */
  load(entries: readonly Uint8Array[]): void {
    this.document.apply(...entries);
    const [first, ...rest] = entries;
    this.noteSnapshot(first?.length ?? 0);
    for (const entry of rest) this.#noteAppend(entry.length);
  }

  /** Applies updates that have been appended to the log. */
  apply(updates: readonly Uint8Array[]): Touched {
    for (const update of updates) this.#noteAppend(update.length);
    return this.document.apply(...updates);
  }

  noteSnapshot(bytes: number): void {
    this.#snapshotBytes = bytes;
    this.#appendedBytes = 0;
    this.#appended = 0;
  }

  #noteAppend(bytes: number): void {
    this.#appendedBytes += bytes;
    this.#appended++;
  }
}
