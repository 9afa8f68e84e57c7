import { createHash } from "node:crypto";
import * as Y from "yjs";

/** Where a struct is in the history: an author, and how many structs it wrote before. */
export interface StructId {
  readonly client: number;
  readonly clock: number;
}

/** Ids of the records that an update touched, by collection. */
export type Touched = ReadonlyMap<string, ReadonlySet<string>>;

/** Bytes of a digest: it finds differences, it does not prove anything. */
const DIGEST_BYTES = 8;
/** After so many calls of `restWhenIdle` without a use it rests. */
const IDLE_CALLS = 16;

/** What stands for a record as long as that does not change. */
interface Cell {
  getContent(): readonly unknown[];
}

/** What is left of a document at rest: its records, and what all else is made of when it is needed again. */
interface Resting {
  readonly update: Uint8Array;
  readonly cells: ReadonlyMap<string, ReadonlyMap<string, Cell>>;
}

/**
 * One Y.Doc of top-level maps that hold plain JSON by id, as text: so it is decoded when somebody reads it, and
 * 40,000 records load in a third of the time and half of the memory that objects take. It only ever applies updates, its own peer's too:
 * those are encoded first, stored, and applied when they are on disk, so that it is never ahead of the disk.
 *
 * At rest it can be read as ever, and takes a third of the memory: of a thousand documents of other nodes nearly all
 * are hardly ever written.
 */
export class SharedDocument {
  /** Undefined while nothing is in it, and while it rests. */
  #doc: Y.Doc | undefined;
  #resting: Resting | undefined;
  /** How often it was to rest since it was last needed. */
  #idleCalls = 0;
  readonly #names = new Map<object, string>();
  #digest: string | undefined;
  #touched = new Map<string, Set<string>>();

  /** Applies updates that `inspectUpdate` has found fit, or that come from this peer's own store. */
  apply(...updates: readonly Uint8Array[]): Touched {
    const doc = this.#opened();
    this.#touched = new Map();
    this.#digest = undefined;
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    return this.#touched;
  }

  /** To be called now and then: puts it to rest when it was not needed for a while. */
  restWhenIdle(): void {
    if (this.#doc !== undefined && ++this.#idleCalls >= IDLE_CALLS) this.rest();
  }

  /** Puts it to rest unless a part of it is missing. Only memory and time show it. */
  rest(): void {
    if (this.#doc === undefined || !this.isComplete()) return;
    this.digest();
    this.#resting = { update: this.encode(), cells: this.#cells() };
    this.#doc = undefined;
    this.#names.clear();
  }

  /** False when something was applied that builds on what is missing. */
  isComplete(): boolean {
    const store = this.#doc?.store;
    return store === undefined || (store.pendingStructs === null && store.pendingDs === null);
  }

  /** A record as it was written, JSON that is not checked; undefined when there is none. */
  record(collection: string, id: string): string | undefined {
    const cell = this.#cell(collection, id);
    return cell === undefined ? undefined : String(cell.getContent()[0]);
  }

  /** An object that stands for what `record` returns, as long as it does not change: a key for what is made of it. */
  cell(collection: string, id: string): object | undefined {
    return this.#cell(collection, id);
  }

  /** Also of records that were deleted, it may be. */
  ids(collection: string): readonly string[] {
    const cells = this.#resting?.cells.get(collection) ?? this.#map(collection)?._map;
    return cells === undefined ? [] : [...cells.keys()];
  }

  collections(): readonly string[] {
    return [...(this.#resting?.cells ?? this.#doc?.share ?? NOTHING).keys()];
  }

  /** All records, by collection and id: what a fresh document with the same content is made of. */
  *records(): Generator<readonly [collection: string, id: string, record: string]> {
    for (const collection of this.collections()) {
      for (const id of this.ids(collection)) {
        const record = this.record(collection, id);
        if (record !== undefined) yield [collection, id, record];
      }
    }
  }

  /** The last struct written under an id, deleted or not: what the next one comes after. */
  lastStruct(collection: string, id: string): (StructId & { readonly deleted: boolean }) | undefined {
    this.#opened();
    const item = this.#map(collection)?._map.get(id);
    if (item === undefined) return undefined;
    return { client: item.id.client, clock: item.id.clock + item.length - 1, deleted: item.deleted };
  }

  /** How many structs of this author are known. */
  clockOf(client: number): number {
    return Y.getState(this.#opened().store, client);
  }

  /** Whether anybody else has ever written here. */
  hasOtherAuthors(client: number): boolean {
    return [...this.#opened().store.clients.keys()].some((author) => author !== client);
  }

  /** Whether all structs of a range are known and deleted. */
  isDeleted(client: number, clock: number, length: number): boolean {
    const structs = this.#opened().store.clients.get(client);
    const end = clock + length;
    if (structs === undefined || this.clockOf(client) < end) return false;
    for (let index = Y.findIndexSS(structs, clock); index < structs.length; index++) {
      const struct = structs[index];
      if (struct === undefined || struct.id.clock >= end) break;
      if (!struct.deleted) return false;
    }
    return true;
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#opened());
  }

  /**
   * What a holder of `stateVector` lacks, or everything.
   *
   * @throws Error when the state vector cannot be decoded
   */
  encode(stateVector?: Uint8Array): Uint8Array {
    if (stateVector === undefined && this.#resting !== undefined) return this.#resting.update;
    return Y.encodeStateAsUpdate(this.#opened(), stateVector);
  }

  /** Equal for equal content and history, on every peer: a hash of state vector and deletions. */
  digest(): string {
    this.#digest ??= createHash("sha256")
      .update(Y.encodeSnapshot(Y.snapshot(this.#opened())))
      .digest("hex")
      .slice(0, 2 * DIGEST_BYTES);
    return this.#digest;
  }

  #opened(): Y.Doc {
    this.#idleCalls = 0;
    if (this.#doc !== undefined) return this.#doc;
    const doc = new Y.Doc({ gc: true, guid: "" });
    // Yjs draws a new id, with a warning, when an update seems to come from its own.
    doc.clientID = 0;
    if (this.#resting !== undefined) Y.applyUpdate(doc, this.#resting.update);
    // Known by name from now on, whatever they are used for.
    for (const name of this.#resting?.cells.keys() ?? []) doc.getMap(name);
    this.#resting = undefined;
    doc.on("afterTransaction", (transaction: Y.Transaction) => this.#noteTouched(transaction));
    this.#doc = doc;
    return doc;
  }

  #noteTouched(transaction: Y.Transaction): void {
    for (const [type, ids] of transaction.changed) {
      const collection = this.#nameOf(type);
      const touched = this.#touched.get(collection) ?? new Set();
      for (const id of ids) if (id !== null) touched.add(id);
      this.#touched.set(collection, touched);
    }
  }

  #cells(): Resting["cells"] {
    const cellsOf = (collection: string) =>
      new Map(this.ids(collection).flatMap((id) => pairOf(id, this.#cell(collection, id))));
    return new Map(this.collections().map((collection) => [collection, cellsOf(collection)]));
  }

  #cell(collection: string, id: string): Cell | undefined {
    if (this.#resting !== undefined) return this.#resting.cells.get(collection)?.get(id);
    const item = this.#map(collection)?._map.get(id);
    return item === undefined || item.deleted ? undefined : item.content;
  }

  /** Undefined while it rests. */
  #map(collection: string): Y.Map<unknown> | undefined {
    return this.#doc?.share.has(collection) ? this.#doc.getMap(collection) : undefined;
  }

  #nameOf(type: object): string {
    let name = this.#names.get(type);
    if (name === undefined) {
      name = Y.findRootTypeKey(type as Y.AbstractType<unknown>);
      this.#names.set(type, name);
    }
    return name;
  }
}

const NOTHING: ReadonlyMap<string, unknown> = new Map();

function pairOf(id: string, cell: Cell | undefined): [string, Cell][] {
  return cell === undefined ? [] : [[id, cell]];
}
