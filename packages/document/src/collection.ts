import type { Unsubscribe } from "@pi-controller/runtime";
import { MeshError, parseInput } from "@pi-controller/schema";
import type * as z from "zod";
import { MAX_KEY_LENGTH, MAX_RECORD_LENGTH } from "./content/inspect-update.ts";
import { deepFreeze } from "./content/json.ts";
import type { SharedDocument } from "./content/shared-document.ts";

/** Names a collection and says what its records are. Defined once, as a constant, and shared. */
export interface CollectionDefinition<T extends object> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/**
 * @param definition `name` as `nodes`; `schema` of an object of plain JSON, which must accept what it has put
 *   out: what is read was parsed when it was written
 */
export function defineCollection<T extends object>(
  definition: CollectionDefinition<T>,
): CollectionDefinition<T> {
  return Object.freeze({ ...definition });
}

/** One record that was put, or deleted or made unreadable when `value` is undefined. */
export interface CollectionChange<T> {
  readonly id: string;
  /** As it is when this is read: within the call of the listener, what the change has made of it. */
  readonly value: T | undefined;
}

/** Records by id. What it returns is frozen. Records that fail the schema are not there. */
export interface ReadonlyCollection<T> {
  get(id: string): T | undefined;
  /** All records, ordered by id. */
  all(): readonly T[];
  /** Calls back after each change, one call for all changes of one update, whoever made it. */
  observe(listener: (changes: readonly CollectionChange<T>[]) => void): Unsubscribe;
}

/** Writes show, here and elsewhere, once they are on the disk: that is when their promises resolve. */
export interface Collection<T> extends ReadonlyCollection<T> {
  /**
   * Writes a record. One that is there already, equal, costs nothing.
   *
   * @throws MeshError INVALID_ARGUMENT when it fails the schema or is too large; RESOURCE_EXHAUSTED when the
   *   disk or the document is full; UNAVAILABLE when it cannot be stored otherwise, or the peer stops
   */
  put(id: string, value: T): Promise<void>;
  /** Deletes a record; none there is no error. Throws as `put`. */
  delete(id: string): Promise<void>;
}

/** A view of one document in the middle of a transaction, its own writes included. */
export interface Transaction {
  get<T extends object>(collection: CollectionDefinition<T>, id: string): T | undefined;
  all<T extends object>(collection: CollectionDefinition<T>): readonly T[];
  /** @throws MeshError INVALID_ARGUMENT */
  put<T extends object>(collection: CollectionDefinition<T>, id: string, value: T): void;
  delete<T extends object>(collection: CollectionDefinition<T>, id: string): void;
}

/** Makes a value what the document stores: checked by its schema, as JSON. */
export function toRecord<T extends object>(
  definition: CollectionDefinition<T>,
  id: string,
  value: T,
): string {
  if (id.length === 0 || id.length > MAX_KEY_LENGTH) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      `Invalid id in ${definition.name}: expected 1 to ${MAX_KEY_LENGTH} characters`,
    );
  }
  const parsed = parseInput(definition.schema, value, `${definition.name} record`);
  const text = JSON.stringify(parsed);
  if (text.length > MAX_RECORD_LENGTH) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      `Invalid ${definition.name} record: ${text.length} characters are more than ${MAX_RECORD_LENGTH}`,
    );
  }
  return text;
}

/** Parses records as they are read, each one once, and says once of each bad one that it is skipped. */
export class RecordReader {
  readonly #onInvalid: (collection: string, id: string, problem: string) => void;
  readonly #parsed = new Map<CollectionDefinition<object>, WeakMap<object, object | null>>();

  constructor(onInvalid: (collection: string, id: string, problem: string) => void) {
    this.#onInvalid = onInvalid;
  }

  /** @returns undefined when there is no such record, or a bad one */
  read<T extends object>(
    definition: CollectionDefinition<T>,
    id: string,
    document: SharedDocument | undefined,
  ): T | undefined {
    const cell = document?.cell(definition.name, id);
    const text = document?.record(definition.name, id);
    if (cell === undefined || text === undefined) return undefined;
    let parsed = this.#parsed.get(definition);
    if (parsed === undefined) {
      parsed = new WeakMap();
      this.#parsed.set(definition, parsed);
    }
    let value = parsed.get(cell);
    if (value === undefined) {
      value = this.parse(definition, id, text) ?? null;
      parsed.set(cell, value);
    }
    return value === null ? undefined : (value as T);
  }

  /** As `read`, without remembering. */
  parse<T extends object>(definition: CollectionDefinition<T>, id: string, text: string): T | undefined {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      this.#onInvalid(definition.name, id, (error as Error).message);
      return undefined;
    }
    const result = definition.schema.safeParse(json);
    if (result.success) return deepFreeze(result.data);
    const problem = result.error.issues
      .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
      .join("; ");
    this.#onInvalid(definition.name, id, problem);
    return undefined;
  }
}
