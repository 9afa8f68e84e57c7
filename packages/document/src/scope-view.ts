import type { Unsubscribe } from "@pi-controller/runtime";
import {
  type Collection,
  type CollectionChange,
  type CollectionDefinition,
  type ReadonlyCollection,
  type Transaction,
  toRecord,
} from "./collection.ts";
import type { Draft } from "./content/draft.ts";
import type { SharedDocument } from "./content/shared-document.ts";
import type { DocumentSet, Scope } from "./document-set.ts";

/** Runs a change and commits it. */
export type Transact = <R>(change: (transaction: Transaction) => R) => Promise<R>;

/** What can be read in one document; stays good when the document is replaced. */
export interface ReadonlyDocument {
  collection<T extends object>(definition: CollectionDefinition<T>): ReadonlyCollection<T>;
}

/** A document that this peer may write. */
export interface WritableDocument {
  collection<T extends object>(definition: CollectionDefinition<T>): Collection<T>;
  /**
   * Reads and writes several records in one step: all of them or none, and nobody else writes in between.
   *
   * @param change runs once, synchronously, when its turn has come; what it throws cancels the transaction
   *   and comes out here
   * @returns what `change` returned, once everything is on the disk
   * @throws MeshError as `Collection.put`
   */
  transact<R>(change: (transaction: Transaction) => R): Promise<R>;
}

export function readonlyDocument(set: DocumentSet, scope: Scope): ReadonlyDocument {
  return { collection: (definition) => readonlyCollection(set, scope, definition) };
}

export function writableDocument(set: DocumentSet, scope: Scope, transact: Transact): WritableDocument {
  return {
    transact,
    collection: (definition) => ({
      ...readonlyCollection(set, scope, definition),
      put: (id, value) => transact((transaction) => transaction.put(definition, id, value)),
      delete: (id) => transact((transaction) => transaction.delete(definition, id)),
    }),
  };
}

function readonlyCollection<T extends object>(
  set: DocumentSet,
  scope: Scope,
  definition: CollectionDefinition<T>,
): ReadonlyCollection<T> {
  const get = (id: string): T | undefined => set.reader.read(definition, id, set.document(scope));
  return {
    get,
    all: () => readAll(set.document(scope)?.ids(definition.name) ?? [], get),
    observe: (listener): Unsubscribe =>
      set.observe(scope, definition.name, (ids) => listener([...ids].map((id) => changeOf(id, get)))),
  };
}

/** Parses the record only for who looks at it: many listeners want to know of a few ids, or only that something changed. */
function changeOf<T>(id: string, get: (id: string) => T | undefined): CollectionChange<T> {
  return {
    id,
    get value() {
      return get(id);
    },
  };
}

/** A transaction on a draft of a document. */
export function transactionOn(draft: Draft, document: SharedDocument, set: DocumentSet): Transaction {
  const get = <T extends object>(definition: CollectionDefinition<T>, id: string): T | undefined => {
    // Nearly all of a large collection is as it was: parsed already, and complained of once.
    if (!draft.isWritten(definition.name, id)) return set.reader.read(definition, id, document);
    const record = draft.record(definition.name, id);
    return record === undefined ? undefined : set.reader.parse(definition, id, record);
  };
  return {
    get,
    all: (definition) => readAll(draft.ids(definition.name), (id) => get(definition, id)),
    put: (definition, id, value) => draft.write(definition.name, id, toRecord(definition, id, value)),
    delete: (definition, id) => draft.write(definition.name, id, undefined),
  };
}

function readAll<T>(ids: readonly string[], get: (id: string) => T | undefined): readonly T[] {
  return [...ids]
    .sort()
    .map(get)
    .filter((value) => value !== undefined);
}
