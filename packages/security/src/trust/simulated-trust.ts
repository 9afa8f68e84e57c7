import { MeshError } from "@pi-controller/schema";
import { readEnvelope, type SignedStatement } from "./signed-statement.ts";
import type { Envelope } from "./statements.ts";
import type { StoredSecret, StoredStatements, TrustStore } from "./trust-store.ts";

/** What of a `TrustStore` a peer uses. */
type Stored = Pick<
  TrustStore,
  "meshId" | "statements" | "change" | "lastSeenMs" | "rememberTime" | "secrets" | "keepSecrets" | "close"
>;

/** What envelopes say: all machines of a simulation have the same ones, and read each of them once. */
const read = new WeakMap<Envelope, SignedStatement>();

/** What is on a simulated disk of the trust of one mesh. */
export interface TrustContent {
  readonly meshId: string;
  readonly envelopes: ReadonlyMap<string, Envelope>;
  /** Keys of what cannot be read any more. */
  readonly damaged: ReadonlySet<string>;
  readonly secrets: readonly StoredSecret[];
  readonly lastSeenMs: number;
}

export interface SimulatedTrustDiskComponents {
  /** Told of each change once it is on the disk. */
  readonly onChange?: ((changed: readonly SignedStatement[], dropped: readonly string[]) => void) | undefined;
}

/**
 * Where a machine keeps what it knows of the trust of its mesh, in memory, for simulations. It outlives processes. As
 * SQLite does with synced commits, it loses nothing in a kill or a power cut.
 */
export class SimulatedTrustDisk {
  /** Set to refuse all changes, as a full disk does. */
  isFull = false;
  readonly #onChange: SimulatedTrustDiskComponents["onChange"];
  #content: TrustContent | undefined;
  #user: SimulatedTrustStore | undefined;

  constructor(components: SimulatedTrustDiskComponents = {}) {
    this.#onChange = components.onChange;
  }

  /** What is on it; undefined when the machine belongs to no mesh. Never changes: it is as good as a copy. */
  get content(): TrustContent | undefined {
    return this.#content;
  }

  /** As `TrustStore.open`. @throws MeshError FAILED_PRECONDITION when a process has it open */
  open(): Stored | undefined {
    if (this.#user !== undefined) {
      throw new MeshError("FAILED_PRECONDITION", "Another process has this simulated trust disk open");
    }
    if (this.#content === undefined) return undefined;
    const { meshId } = this.#content;
    const store = new SimulatedTrustStore({
      meshId,
      isOpen: () => this.#user === store,
      read: () => this.#content as TrustContent,
      write: (changes) => {
        if (this.isFull) throw new MeshError("RESOURCE_EXHAUSTED", "The simulated trust disk is full");
        this.#content = { ...(this.#content as TrustContent), ...changes };
      },
      changed: (...changed) => this.#onChange?.(...changed),
      close: () => {
        if (this.#user === store) this.#user = undefined;
      },
    });
    this.#user = store;
    return store;
  }

  /** As `TrustStore.create`. @throws MeshError ALREADY_EXISTS when it belongs to a mesh */
  create(meshId: string, envelopes: readonly Envelope[]): Stored {
    if (this.#content !== undefined) {
      throw new MeshError("ALREADY_EXISTS", "This machine belongs to a mesh already");
    }
    const statements = envelopes.map(readOnce);
    this.#content = {
      meshId,
      envelopes: new Map(statements.map(({ key, envelope }) => [key, envelope])),
      damaged: new Set(),
      secrets: [],
      lastSeenMs: 0,
    };
    return this.open() as Stored;
  }

  /** The process that has it open is gone: its store changes nothing any more, whatever is still called. */
  kill(): void {
    this.#user?.die();
    this.#user = undefined;
  }

  /**
   * Puts an earlier content back, or none, as a new disk in the place of the old one does.
   *
   * @throws MeshError FAILED_PRECONDITION while a process has it open
   */
  restore(content: TrustContent | undefined): void {
    if (this.#user !== undefined) {
      throw new MeshError("FAILED_PRECONDITION", "A process has this simulated trust disk open");
    }
    this.#content = content;
  }

  /** Lets what stands under a key become unreadable. */
  damage(key: string): void {
    if (this.#content?.envelopes.has(key) !== true) return;
    this.#content = { ...this.#content, damaged: new Set([...this.#content.damaged, key]) };
  }
}

interface SimulatedTrustStoreComponents {
  readonly meshId: string;
  readonly isOpen: () => boolean;
  readonly read: () => TrustContent;
  readonly write: (changes: Partial<TrustContent>) => void;
  readonly changed: (changed: readonly SignedStatement[], dropped: readonly string[]) => void;
  readonly close: () => void;
}

/** One process's use of a simulated disk. */
class SimulatedTrustStore implements Stored {
  readonly meshId: string;
  readonly #components: SimulatedTrustStoreComponents;
  /** What a process last saw that is gone. */
  #last: TrustContent | undefined;

  constructor(components: SimulatedTrustStoreComponents) {
    this.meshId = components.meshId;
    this.#components = components;
  }

  /** From here on it answers with what was, and changes nothing. */
  die(): void {
    this.#last = this.#components.read();
  }

  statements(): StoredStatements {
    const { envelopes, damaged } = this.#read();
    const readable = [...envelopes].filter(([key]) => !damaged.has(key));
    return { statements: readable.map(([, envelope]) => readOnce(envelope)), damaged: [...damaged] };
  }

  change(changed: readonly SignedStatement[], dropped: readonly string[]): void {
    if (changed.length === 0 && dropped.length === 0) return;
    const content = this.#read();
    const envelopes = new Map(content.envelopes);
    const damaged = new Set(content.damaged);
    for (const key of dropped) {
      envelopes.delete(key);
      damaged.delete(key);
    }
    for (const { key, envelope } of changed) {
      envelopes.set(key, envelope);
      damaged.delete(key);
    }
    if (this.#write({ envelopes, damaged })) this.#components.changed(changed, dropped);
  }

  lastSeenMs(): number {
    return this.#read().lastSeenMs;
  }

  rememberTime(nowMs: number): void {
    this.#write({ lastSeenMs: Math.floor(nowMs) });
  }

  secrets(): readonly StoredSecret[] {
    return this.#read().secrets;
  }

  keepSecrets(secrets: readonly StoredSecret[]): void {
    this.#write({ secrets: secrets.toSorted((one, other) => other.epoch - one.epoch) });
  }

  close(): void {
    this.#components.close();
  }

  #read(): TrustContent {
    if (this.#last !== undefined) return this.#last;
    if (this.#components.isOpen()) return this.#components.read();
    throw new MeshError("UNAVAILABLE", "The simulated trust disk is not open");
  }

  /** @returns false for a process that is gone */
  #write(changes: Partial<TrustContent>): boolean {
    this.#read();
    if (this.#last !== undefined) return false;
    this.#components.write(changes);
    return true;
  }
}

/** @throws MeshError INVALID_ARGUMENT when it is none */
function readOnce(envelope: Envelope): SignedStatement {
  const known = read.get(envelope) ?? readEnvelope(envelope);
  read.set(envelope, known);
  // Reading makes a copy, and the copy is what is kept.
  read.set(known.envelope, known);
  return known;
}
