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

/**
 * One Y.Doc of top-level maps that hold plain JSON by id, as text: so it is decoded when somebody reads it, and
 * 40,000 records load in a third of the time and half of the memory that objects take. It only ever applies updates, its own peer's too:
 * those are encoded first, stored, and applied when they are on disk, so that it is never ahead of the disk.
 */
export class SharedDocument {
  readonly #doc = new Y.Doc({ gc: true, guid: "" });
  readonly #names = new Map<object, string>();
  #digest: string | undefined;
  #touched = new Map<string, Set<string>>();

  constructor() {
    // Yjs draws a new id, with a warning, when an update seems to come from its own.
    this.#doc.clientID = 0;
    this.#doc.on("afterTransaction", (transaction: Y.Transaction) => {
      for (const [type, ids] of transaction.changed) {
        const collection = this.#nameOf(type);
        const touched = this.#touched.get(collection) ?? new Set();
        for (const id of ids) if (id !== null) touched.add(id);
        this.#touched.set(collection, touched);
      }
    });
  }

  /** Applies updates that `inspectUpdate` has found fit, or that come from this peer's own store. */
  apply(...updates: readonly Uint8Array[]): Touched {
    this.#touched = new Map();
    this.#digest = undefined;
    this.#doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.#doc, update);
    });
    return this.#touched;
  }

  /** False when something was applied that builds on what is missing. */
  isComplete(): boolean {
    return this.#doc.store.pendingStructs === null && this.#doc.store.pendingDs === null;
  }

  /** A record as it was written, JSON that is not checked; undefined when there is none. */
  record(collection: string, id: string): string | undefined {
    const item = this.#map(collection)?._map.get(id);
    return item === undefined || item.deleted ? undefined : String(item.content.getContent()[0]);
  }

  /** An object that stands for what `record` returns, as long as it does not change: a key for what is made of it. */
  cell(collection: string, id: string): object | undefined {
    const item = this.#map(collection)?._map.get(id);
    return item === undefined || item.deleted ? undefined : item.content;
  }

  ids(collection: string): readonly string[] {
    const map = this.#map(collection);
    return map === undefined ? [] : [...map.keys()];
  }

  collections(): readonly string[] {
    return [...this.#doc.share.keys()];
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
    const item = this.#map(collection)?._map.get(id);
    if (item === undefined) return undefined;
    return { client: item.id.client, clock: item.id.clock + item.length - 1, deleted: item.deleted };
  }

  /** How many structs of this author are known. */
  clockOf(client: number): number {
    return Y.getState(this.#doc.store, client);
  }

  /** Whether anybody else has ever written here. */
  hasOtherAuthors(client: number): boolean {
    return [...this.#doc.store.clients.keys()].some((author) => author !== client);
  }

  /** Whether all structs of a range are known and deleted. */
  isDeleted(client: number, clock: number, length: number): boolean {
    const structs = this.#doc.store.clients.get(client);
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
    return Y.encodeStateVector(this.#doc);
  }

  /**
   * What a holder of `stateVector` lacks, or everything.
   *
   * @throws Error when the state vector cannot be decoded
   */
  encode(stateVector?: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc, stateVector);
  }

  /** Equal for equal content and history, on every peer: a hash of state vector and deletions. */
  digest(): string {
    this.#digest ??= createHash("sha256")
      .update(Y.encodeSnapshot(Y.snapshot(this.#doc)))
      .digest("hex")
      .slice(0, 2 * DIGEST_BYTES);
    return this.#digest;
  }

  #map(collection: string): Y.Map<unknown> | undefined {
    return this.#doc.share.has(collection) ? this.#doc.getMap(collection) : undefined;
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
