import type { NodeId } from "@pi-controller/schema";
import { meshClient } from "./names.ts";
import type { Unchecked } from "./unchecked.ts";

/**
 * More written records than this are not remembered: a store that was set back is found at the first
 * exchanges with other peers, long before.
 */
const MAX_WRITTEN = 10_000;

export interface WrittenKey {
  readonly collection: string;
  readonly id: string;
}

/** What this process has written into one document since it started. */
export class WrittenKeys {
  readonly #keys = new Map<string, WrittenKey>();

  /** Which of them were not written before; none any more when there are too many to remember. */
  lacking(writes: readonly WrittenKey[]): WrittenKey[] {
    if (this.#keys.size >= MAX_WRITTEN) return [];
    const keys = writes.map(({ collection, id }) => ({ collection, id }));
    return keys.filter(({ collection, id }) => !this.#keys.has(`${collection}\0${id}`));
  }

  add(writes: readonly WrittenKey[]): void {
    if (this.#keys.size > MAX_WRITTEN) this.#keys.clear();
    for (const { collection, id } of writes) this.#keys.set(`${collection}\0${id}`, { collection, id });
  }

  get size(): number {
    return this.#keys.size;
  }

  [Symbol.iterator](): Iterator<WrittenKey> {
    return this.#keys.values();
  }
}

/** Where this process has begun to write. */
export interface Beginning {
  readonly client: number;
  readonly clock: number;
}

/** This peer as a writer. */
export class Author {
  readonly self: NodeId;
  readonly meshWritten = new WrittenKeys();
  readonly ownWritten = new WrittenKeys();
  /** Unset as long as nothing was written into the mesh document. */
  meshBeginning: Beginning | undefined;
  /** The same of the own document, in the generation that was written first. */
  ownBeginning: (Beginning & { readonly guid: string }) | undefined;
  /** False until there was an exchange with another peer, who may have what this one's disk has lost. */
  isChecked = true;
  #epoch = "";
  #ordinal = 0;
  #meshEpoch = "";
  #meshClient = 0;

  /** Writes nothing before `begin` has told the epoch. */
  constructor(self: NodeId) {
    this.self = self;
  }

  /** Whether it has written though others may have what its disk has lost: nobody should build on that yet. */
  get isUncertain(): boolean {
    return !this.isChecked && (this.meshBeginning !== undefined || this.ownBeginning !== undefined);
  }

  /** Names the generations of the own document. */
  get epoch(): string {
    return this.#epoch;
  }

  /** What the client id in the mesh document is made of: the epoch that the process has started in. */
  get meshEpoch(): string {
    return this.#meshEpoch;
  }

  /** The Yjs client id for the mesh document. */
  get meshClient(): number {
    return this.#meshClient;
  }

  /** The how-manieth epoch of this peer that is, as far as it knows. */
  get ordinal(): number {
    return this.#ordinal;
  }

  /** Goes on in an epoch that is the store's. */
  begin({ epoch, ordinal }: { readonly epoch: string; readonly ordinal: number }): void {
    this.#ordinal = ordinal;
    this.#setEpoch(epoch);
  }

  /** What was written and not checked yet; undefined when that is nothing, or all is checked. */
  get unchecked(): Unchecked | undefined {
    if (!this.isUncertain) return undefined;
    return {
      mesh: this.meshBeginning,
      own: this.ownBeginning,
      meshKeys: [...this.meshWritten],
      ownKeys: [...this.ownWritten],
    };
  }

  /** Takes over what a process before this one has written unchecked. */
  resume({ mesh, own, meshKeys, ownKeys }: Unchecked): void {
    this.meshBeginning = mesh;
    this.ownBeginning = own;
    this.meshWritten.add(meshKeys);
    this.ownWritten.add(ownKeys);
  }

  /** Starts a new line of generations: the old one has been continued differently elsewhere. */
  renew(epoch: string): void {
    this.#epoch = epoch;
    this.#ordinal++;
  }

  /** Starts a new line in the mesh document, too. */
  renewMesh(epoch: string): void {
    this.#ordinal++;
    this.#setEpoch(epoch);
  }

  #setEpoch(epoch: string): void {
    this.#epoch = epoch;
    this.#meshEpoch = epoch;
    this.#meshClient = meshClient(this.self, epoch);
  }
}
