import type { NodeId } from "@pi-controller/schema";
import type { Author } from "./author.ts";
import { toRecord } from "./collection.ts";
import type { Batch } from "./commit/batch.ts";
import type { Committer } from "./commit/committer.ts";
import { SharedDocument } from "./content/shared-document.ts";
import { encodeWrites, type Write } from "./content/update-encoder.ts";
import { type DocumentSet, type NodeReplica, nodeReplica } from "./document-set.ts";
import { epochChange, uncheckedChange } from "./load-documents.ts";
import { announcedDocuments, epochOf, generationOf } from "./names.ts";
import { type ReplacementOptions, wantsReplacement } from "./replacement.ts";
import type { LogChange } from "./store/store.ts";
import type { Unchecked } from "./unchecked.ts";

/** The size is looked at after this many writes, or a part of the number of records when that is more. */
const MIN_WRITES_TO_CHECK = 16;
const RECORDS_A_CHECK = 4;

interface NextGeneration {
  readonly generation: number;
  readonly writes: readonly Write[];
  /** Set when the old line of writing must not be continued. */
  readonly epoch?: string;
  /** Set when it goes on from a generation of an earlier epoch, which others may have more of. */
  readonly continued?: NodeReplica;
}

export interface OwnDocumentComponents {
  readonly set: DocumentSet;
  readonly committer: Committer;
  readonly author: Author;
  /** Tells other peers of a whole new generation. */
  readonly broadcast: (guid: string, update: Uint8Array) => void;
}

/**
 * This node's own document through its generations. Each generation is written under a client id of its own,
 * by this peer alone; the switch to the next one, its announcement in the mesh document and the end of the old
 * one are one write to the disk, so that a crash leaves either the old or the new.
 */
export class OwnDocument {
  readonly #set: DocumentSet;
  readonly #committer: Committer;
  readonly #author: Author;
  readonly #broadcast: (guid: string, update: Uint8Array) => void;
  readonly #options: ReplacementOptions;
  #writesSinceCheck = 0;
  /** The generation, of an earlier epoch, that this process has gone on from. */
  #continued: string | undefined;

  constructor(components: OwnDocumentComponents, options: ReplacementOptions) {
    this.#set = components.set;
    this.#committer = components.committer;
    this.#author = components.author;
    this.#broadcast = components.broadcast;
    this.#options = options;
  }

  get held(): NodeReplica | undefined {
    return this.#set.nodes.get(this.#author.self);
  }

  /**
   * Begins a generation when there is none of this epoch: an epoch ends when something of it was lost, which may have
   * been of this document, too.
   */
  async ensure(): Promise<void> {
    if (this.#isOfThisEpoch) return;
    await this.#begin(() => {
      if (this.#isOfThisEpoch) return undefined;
      const { held } = this;
      const generation = this.#nextGeneration();
      if (held === undefined) return { generation, writes: [] };
      return { generation, writes: writesOf(held.replica.document), continued: held };
    });
  }

  /** Announces the document again after its entry was taken away: whoever holds it has dropped it. */
  async announce(): Promise<void> {
    const { self } = this.#author;
    await this.#committer.commit((batch) => {
      if (this.held === undefined || this.#set.isAnnounced(self)) return true;
      const draft = batch.draft(this.#set.mesh, this.#author.meshClient);
      draft?.write(announcedDocuments.name, self, announcement(self, this.held.guid));
      return draft !== undefined;
    });
  }

  /** Begins a new generation when the tombstones of the old one outweigh its content. */
  async noteWrites(count: number): Promise<void> {
    this.#writesSinceCheck += count;
    const { held } = this;
    if (held === undefined || this.#writesSinceCheck < MIN_WRITES_TO_CHECK) return;
    const writes = writesOf(held.replica.document);
    if (this.#writesSinceCheck < writes.length / RECORDS_A_CHECK) return;
    this.#writesSinceCheck = 0;
    const encodedBytes = held.replica.document.encode().length;
    const freshBytes = encodeWrites(new SharedDocument(), held.client, writes).length;
    if (!wantsReplacement({ encodedBytes, freshBytes }, this.#options)) return;
    await this.#begin(() => {
      const current = this.held;
      if (current === undefined || current.guid !== held.guid) return undefined;
      return { generation: this.#nextGeneration(), writes: writesOf(current.replica.document) };
    });
  }

  /**
   * Goes on from a document of this node's that other peers hold and this one has lost: its disk was lost or
   * set back. Their content is the newer one, except where this peer has written since.
   *
   * @param theirs of generation `guid`; undefined when nobody has it any more
   * @param newEpoch an epoch to go on in when the loss was within one generation
   */
  async recover(theirs: SharedDocument | undefined, guid: string, newEpoch: string): Promise<void> {
    await this.#begin(() => {
      const { held } = this;
      const records = new Map<string, Write>();
      const take = (write: Write) => records.set(`${write.collection}\0${write.id}`, write);
      if (theirs !== undefined) writesOf(theirs).forEach(take);
      if (held !== undefined && theirs !== undefined && this.#isNewer(guid, held.guid)) {
        for (const { collection, id } of this.#author.ownWritten) {
          const record = held.replica.document.record(collection, id);
          take({ collection, id, record });
        }
      } else if (held !== undefined) {
        writesOf(held.replica.document).forEach(take);
      }
      const writes = [...records.values()].filter(({ record }) => record !== undefined);
      const generation = Math.max(this.#nextGeneration(), generationOf(guid) + 1);
      // A generation of this epoch that this peer does not know: its numbers would be given out twice.
      const isSetBack = guid.startsWith(this.#author.epoch);
      return { generation, writes, ...(isSetBack ? { epoch: newEpoch } : {}) };
    }, true);
  }

  /** Whether a generation of which others have more is newer than what is held, but for what was written since. */
  #isNewer(guid: string, held: string): boolean {
    const { isChecked, ownBeginning } = this.#author;
    if (isChecked || ownBeginning === undefined) return isSameOrLater(guid, this.#continued ?? held);
    // Nobody else can have a generation that was begun here since: those of others are of a time that was lost.
    return generationOf(guid) >= generationOf(ownBeginning.guid);
  }

  get #isOfThisEpoch(): boolean {
    return this.held !== undefined && epochOf(this.held.guid) === this.#author.epoch;
  }

  #nextGeneration(): number {
    const guids = [this.held?.guid, this.#set.announced(this.#author.self)?.guid];
    return 1 + Math.max(0, ...guids.map((guid) => (guid === undefined ? 0 : generationOf(guid))));
  }

  /** @param isRecovered whether it holds what others have, so that they may have it though this peer is uncertain */
  async #begin(plan: () => NextGeneration | undefined, isRecovered = false): Promise<void> {
    let begun: { readonly guid: string; readonly update: Uint8Array } | undefined;
    await this.#committer.commit((batch) => {
      if (!batch.isEmpty) return false;
      const next = plan();
      if (next !== undefined) begun = this.#stage(batch, next);
      return true;
    });
    const isForNobody = this.#author.isUncertain && !isRecovered;
    if (begun !== undefined && !isForNobody) this.#broadcast(begun.guid, begun.update);
  }

  #stage(batch: Batch, next: NextGeneration): { readonly guid: string; readonly update: Uint8Array } {
    const { self } = this.#author;
    const old = this.held;
    const guid = `${next.epoch ?? this.#author.epoch}-${next.generation}`;
    const held = nodeReplica(self, guid);
    const update = encodeWrites(held.replica.document, held.client, next.writes);
    // In the mesh document the old line goes on: only this one was found set back.
    const draft = batch.draft(this.#set.mesh, this.#author.meshClient);
    draft?.write(announcedDocuments.name, self, announcement(self, guid));
    const { unchecked } = this.#author;
    const ordinal = this.#author.ordinal + 1;
    batch.change(
      [
        { kind: "replace", log: held.replica.log, entry: update },
        ...(old === undefined ? [] : [{ kind: "drop", log: old.replica.log } as const]),
        ...(next.epoch === undefined ? [] : [epochChange({ epoch: next.epoch, ordinal, unchecked })]),
        ...this.#uncheckedOf(next),
      ],
      () => {
        held.replica.load([update]);
        this.#set.setNode(self, held);
        if (next.epoch !== undefined) this.#author.renew(next.epoch);
        if (next.continued !== undefined) this.#noteContinued(next.continued);
      },
    );
    batch.close();
    return { guid, update };
  }

  #noteContinued(held: NodeReplica): void {
    this.#continued ??= held.guid;
    this.#author.ownBeginning ??= endOf(held);
  }

  #uncheckedOf({ continued }: NextGeneration): readonly LogChange[] {
    const { isChecked, ownBeginning } = this.#author;
    if (continued === undefined || isChecked || ownBeginning !== undefined) return [];
    return [uncheckedChange(this.#author, { own: endOf(continued), meshKeys: [], ownKeys: [] }, [])];
  }
}

/** Whoever has more of what was gone on from than there was here has what was lost. */
function endOf({ guid, client, replica }: NodeReplica): NonNullable<Unchecked["own"]> {
  return { guid, client, clock: replica.document.clockOf(client) };
}

/** Whether a generation is another one or a later one of the same line. */
function isSameOrLater(guid: string, other: string): boolean {
  if (epochOf(guid) !== epochOf(other)) return false;
  return generationOf(guid) >= generationOf(other);
}

function announcement(id: NodeId, guid: string): string {
  return toRecord(announcedDocuments, id, { id, guid });
}

/** What makes a fresh document with the same content. */
function writesOf(document: SharedDocument): readonly Write[] {
  return [...document.records()].map(([collection, id, record]) => ({ collection, id, record }));
}
