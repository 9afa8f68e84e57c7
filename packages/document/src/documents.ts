import type { Gossip, Network } from "@pi-controller/mesh";
import {
  type Clock,
  type Logger,
  type Random,
  randomInteger,
  type Service,
  sleep,
  type Unsubscribe,
  type UnsyncedPage,
} from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { Author } from "./author.ts";
import { ClockWitness, type OwnClocks } from "./clock-witness.ts";
import type { Transaction } from "./collection.ts";
import type { Applied, Batch } from "./commit/batch.ts";
import { Committer } from "./commit/committer.ts";
import type { Replica } from "./commit/replica.ts";
import { Compaction } from "./compaction.ts";
import { DocumentSet, type Scope } from "./document-set.ts";
import { Intake } from "./intake.ts";
import { epochChange, type LoadedDocuments, loadDocuments, uncheckedChange } from "./load-documents.ts";
import { announcedDocuments, generationOf } from "./names.ts";
import { OwnDocument } from "./own-document.ts";
import {
  type ReadonlyDocument,
  readonlyDocument,
  transactionOn,
  type WritableDocument,
  writableDocument,
} from "./scope-view.ts";
import { SetBack } from "./set-back.ts";
import type { Store } from "./store/store.ts";
import { Broadcaster } from "./sync/broadcaster.ts";
import { Buckets } from "./sync/buckets.ts";
import { SYNC_METHOD, UPDATE_TOPIC } from "./sync/messages.ts";
import { Puller } from "./sync/puller.ts";
import { SyncResponder } from "./sync/responder.ts";
import { SyncScheduler } from "./sync/scheduler.ts";
import { beginningOf, newlyUnchecked } from "./unchecked.ts";

const MESH: Scope = { kind: "mesh" };

/** A document's log does not grow beyond this by writes of this peer: one answer must be able to carry it. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
/** New connections come in bunches; the exchanges over them need not. */
const CONNECTED_WITHIN_MS = 250;
/** For what a broadcast will probably still bring. */
const SOON_WITHIN_MS = 2000;

export interface DocumentsComponents {
  readonly network: Network;
  readonly gossip: Gossip;
  readonly store: Store;
  /** Where this peer's own clocks survive what the store loses; for these documents alone. */
  readonly clockPage: UnsyncedPage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whom an exchange can be had with, at this moment. */
  readonly reachablePeers: () => readonly NodeId[];
  /**
   * Whether somebody should be connected with this peer for long; everybody, when left out. With whom it is not, as with a
   * member of a large mesh that is only asked whether it lives, an exchange can wait for its turn.
   */
  readonly isNeeded?: (peer: NodeId) => boolean;
}

export interface DocumentsOptions {
  /** Set a damaged store aside and fetch everything again from other peers. */
  readonly recover: boolean;
  /** Time between exchanges with a random peer. */
  readonly exchangeIntervalMs: number;
  readonly requestTimeoutMs: number;
  /**
   * How long a peer that has met others before waits for the first exchange before it writes: others may know
   * more of its own writing than its disk does.
   */
  readonly firstExchangeMs: number;
  /** The same for a peer whose store was just set aside: its own document is to be had from others. */
  readonly recoveryMs: number;
  /** When this node's own document is replaced: tombstones' part of the content, and bytes in any case. */
  readonly overheadFraction: number;
  readonly overheadBytes: number;
}

export const defaultDocumentsOptions: DocumentsOptions = {
  recover: false,
  exchangeIntervalMs: 10_000,
  requestTimeoutMs: 5000,
  firstExchangeMs: 3000,
  recoveryMs: 30_000,
  overheadFraction: 0.2,
  overheadBytes: 1024,
};

export interface DocumentsStatus {
  /** Bytes of the mesh document on disk. */
  readonly meshBytes: number;
  /** Bytes of all node documents on disk. */
  readonly nodeBytes: number;
  /** How many documents are held, the mesh document included. */
  readonly documents: number;
  /** Whether there was an exchange with another peer since the start. */
  readonly synced: boolean;
  /** Why writes are refused at the moment, or null. */
  readonly refusal: string | null;
}

/**
 * The documents of the mesh on this peer: the mesh document, this node's own and those of all others. What a
 * write acknowledges is on this disk; it reaches the others when they can be reached.
 *
 * `start` throws MeshError FAILED_PRECONDITION when another process has the store open or a newer version
 * wrote it, DATA_LOSS when it is damaged, RESOURCE_EXHAUSTED when the disk is full.
 */
export class Documents implements Service {
  readonly name = "documents";
  /** Written by many, rarely. */
  readonly mesh: WritableDocument;
  /** This node's own: written here alone. */
  readonly own: WritableDocument;
  /** Resolves after the first exchange with another peer; never, when there is none. */
  readonly synced: Promise<void>;
  readonly #components: DocumentsComponents;
  readonly #options: DocumentsOptions;
  readonly #set: DocumentSet;
  readonly #author: Author;
  readonly #committer: Committer;
  readonly #witness: ClockWitness;
  readonly #compaction: Compaction;
  readonly #own: OwnDocument;
  readonly #responder: SyncResponder;
  readonly #broadcaster: Broadcaster;
  readonly #scheduler: SyncScheduler;
  readonly #firstExchange = Promise.withResolvers<void>();
  readonly #stopped = new AbortController();
  readonly #subscriptions: Unsubscribe[] = [];
  #writable: Promise<void> = Promise.reject(
    new MeshError("FAILED_PRECONDITION", "The documents are not open"),
  );
  #isSynced = false;
  #wasLost = false;

  constructor(components: DocumentsComponents, options: Partial<DocumentsOptions> = {}) {
    this.#components = components;
    this.#options = { ...defaultDocumentsOptions, ...options };
    this.#writable.catch(() => undefined);
    this.synced = this.#firstExchange.promise;
    const { network, gossip, clock, random, logger, reachablePeers, store } = components;
    const set = new DocumentSet({ logger });
    const author = new Author(network.self);
    const witness = new ClockWitness({ page: components.clockPage, author, set, logger });
    const committer = new Committer({
      store,
      logger,
      accompany: (locals, changes) => {
        const unchecked = newlyUnchecked(author, set, locals);
        return unchecked === undefined ? [] : [uncheckedChange(author, unchecked, changes)];
      },
      onStored: async (applied) => {
        this.#noteWritten(applied);
        await witness.save();
      },
      onApplied: (applied) => this.#onApplied(applied),
    });
    const newEpoch = () => this.#newEpoch();
    const own = new OwnDocument(
      {
        set,
        committer,
        author,
        broadcast: (guid, update) => this.#broadcaster.publish({ kind: "node", guid }, update),
      },
      this.#options,
    );
    const intake = new Intake({ committer, set, author });
    const broadcastMesh = (update: Uint8Array) =>
      this.#broadcaster.publish({ kind: "mesh", epoch: author.meshEpoch }, update);
    const recovery = new SetBack({ set, committer, author, own, logger, newEpoch, broadcastMesh });
    const buckets = new Buckets({ set });
    const puller = new Puller({ network, set, buckets, author, intake, logger, recovery }, this.#options);
    this.#set = set;
    this.#author = author;
    this.#committer = committer;
    this.#witness = witness;
    this.#own = own;
    this.#compaction = new Compaction({ committer, set, logger });
    this.#responder = new SyncResponder({ set, author, buckets });
    this.#broadcaster = new Broadcaster({
      gossip,
      intake,
      logger,
      onMissing: (peer, urgency) => this.#scheduler.request(peer, urgency === "gap" ? 0 : SOON_WITHIN_MS),
    });
    this.#scheduler = new SyncScheduler(
      {
        clock,
        random,
        logger,
        reachablePeers,
        exchange: async (peer, signal) => {
          await puller.pull(peer, signal);
          this.#isSynced = true;
          this.#firstExchange.resolve();
        },
      },
      { intervalMs: this.#options.exchangeIntervalMs },
    );
    this.mesh = writableDocument(set, MESH, (change) => this.#transactMesh(change));
    this.own = writableDocument(set, { kind: "node", node: network.self }, (change) =>
      this.#transactOwn(change),
    );
  }

  /** Any node's document, this one's too; empty as long as none is known. */
  node(id: NodeId): ReadonlyDocument {
    return readonlyDocument(this.#set, { kind: "node", node: id });
  }

  /**
   * Drops the document of a node that was removed, here and on all peers. A node that turns out to be there
   * brings its document back itself.
   *
   * @throws MeshError INVALID_ARGUMENT for this node's own, and as `Collection.delete`
   */
  async forgetNode(id: NodeId): Promise<void> {
    if (id === this.#author.self) {
      throw new MeshError("INVALID_ARGUMENT", "A node cannot forget its own document");
    }
    await this.mesh.collection(announcedDocuments).delete(id);
  }

  /** Whether there was no store at the start, or one that is damaged or has lost writes: what this node had written only others may have. */
  get wasLost(): boolean {
    return this.#wasLost;
  }

  status(): DocumentsStatus {
    const { lastError } = this.#committer;
    const nodes = [...this.#set.nodes.values()];
    return {
      meshBytes: this.#set.mesh.bytes,
      nodeBytes: nodes.reduce((sum, { replica }) => sum + replica.bytes, 0),
      documents: 1 + nodes.length,
      synced: this.#isSynced,
      refusal: lastError === undefined ? null : lastError instanceof Error ? lastError.message : "unknown",
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { network, gossip, store, logger, clock } = this.#components;
    const seen = await this.#witness.load();
    const loaded = await loadDocuments(
      { store, logger },
      {
        recover: this.#options.recover,
        newEpoch: () => this.#newEpoch(),
        ordinal: (seen?.ordinal ?? 0) + 1,
        suffix: () => `damaged-${new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-")}`,
      },
    );
    this.#author.begin(loaded);
    if (loaded.unchecked !== undefined) this.#author.resume(loaded.unchecked);
    this.#set.setMesh(loaded.mesh);
    await this.#takeNodes(loaded);
    const hasLost = seen !== undefined && this.#witness.hasLost(seen);
    if (hasLost) await this.#beginAnew(seen, loaded);
    this.#wasLost = loaded.origin !== "existing" || hasLost;
    await this.#witness.save();
    // Whom it has never met has nothing of it.
    this.#author.isChecked = loaded.unchecked === undefined && !this.#hasMetOthers();
    this.#writable = this.#waitBeforeWriting(loaded);
    this.#subscriptions.push(
      this.#set.observe(MESH, announcedDocuments.name, (ids) => this.#onAnnounced(ids)),
      network.handle(SYNC_METHOD, async ({ payload }) => this.#responder.answer(payload)),
      gossip.subscribe(UPDATE_TOPIC, (message) => void this.#broadcaster.receive(message)),
      network.observe((event) => {
        if (event.kind !== "connected") return;
        const { isNeeded } = this.#components;
        if (this.#isSynced && isNeeded?.(event.peer) === false) return;
        this.#scheduler.request(event.peer, CONNECTED_WITHIN_MS);
      }),
    );
    this.#scheduler.start();
    for (const { peer } of network.status().connections) this.#scheduler.request(peer, CONNECTED_WITHIN_MS);
    this.#onAnnounced(new Set([this.#author.self]));
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new MeshError("UNAVAILABLE", "This peer is stopping"));
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    await this.#scheduler.stop();
    await this.#committer.stop();
    await this.#witness.close();
    await this.#components.store.close();
  }

  async #transactMesh<R>(change: (transaction: Transaction) => R): Promise<R> {
    await this.#writable;
    return this.#transact(
      () => this.#set.mesh,
      () => this.#author.meshClient,
      change,
    );
  }

  async #transactOwn<R>(change: (transaction: Transaction) => R): Promise<R> {
    await this.#writable;
    await this.#own.ensure();
    const held = () => {
      const { held } = this.#own;
      if (held === undefined) throw new MeshError("INTERNAL", "This node has no document to write to");
      return held;
    };
    return this.#transact(
      () => held().replica,
      () => held().client,
      change,
    );
  }

  async #transact<R>(
    replica: () => Replica,
    client: () => number,
    change: (transaction: Transaction) => R,
  ): Promise<R> {
    const results: R[] = [];
    await this.#committer.commit((batch: Batch) => {
      const target = replica();
      const draft = batch.draft(target, client())?.fork();
      if (draft === undefined) return false;
      const result = change(transactionOn(draft, target.document, this.#set));
      const adds = draft.changes().some(({ record }) => record !== undefined);
      if (adds && target.bytes > MAX_DOCUMENT_BYTES) {
        throw new MeshError("RESOURCE_EXHAUSTED", `The document is full: ${target.bytes} bytes`);
      }
      draft.merge();
      results.push(result);
      return true;
    });
    return results[0] as R;
  }

  #onApplied(applied: readonly Applied[]): void {
    for (const { replica, touched, local } of applied) {
      const scope = this.#set.scopeOf(replica);
      if (scope === undefined) continue;
      if (local !== undefined) this.#onWritten(scope, local);
      this.#set.notify(scope, touched);
      void this.#compaction.consider(replica);
    }
  }

  /** Before anybody can see it: what is uncertain is for nobody yet. */
  #noteWritten(applied: readonly Applied[]): void {
    for (const { replica, local } of applied) {
      const scope = this.#set.scopeOf(replica);
      if (local === undefined || scope === undefined) continue;
      const { update, writes } = local;
      if (scope.kind === "mesh") {
        this.#author.meshBeginning ??= beginningOf(update, this.#author.meshClient);
        this.#author.meshWritten.add(writes);
        continue;
      }
      this.#author.ownWritten.add(writes);
      const { held } = this.#own;
      if (held === undefined) continue;
      const beginning = beginningOf(update, held.client);
      this.#author.ownBeginning ??= beginning && { guid: held.guid, ...beginning };
    }
  }

  #onWritten(scope: Scope, { update, writes }: NonNullable<Applied["local"]>): void {
    const { isUncertain, meshEpoch } = this.#author;
    if (scope.kind === "mesh") {
      if (!isUncertain) this.#broadcaster.publish({ kind: "mesh", epoch: meshEpoch }, update);
      return;
    }
    const { held } = this.#own;
    if (held !== undefined && !isUncertain) {
      this.#broadcaster.publish({ kind: "node", guid: held.guid }, update);
    }
    this.#inBackground(this.#own.noteWrites(writes.length), "Could not replace this node's document");
  }

  /** The mesh document says something new about which generations of node documents count. */
  #onAnnounced(ids: ReadonlySet<string>): void {
    for (const id of ids) {
      const isAnnounced = this.#set.isAnnounced(id);
      if (!isAnnounced && id === this.#author.self) {
        this.#inBackground(this.#own.announce(), "Could not announce this node's document");
      } else if (!isAnnounced) {
        this.#inBackground(this.#dropNode(id), "Could not drop a removed node's document");
      } else if (this.#set.announced(id)?.guid !== this.#set.nodes.get(id)?.guid) {
        this.#scheduler.requestAny(SOON_WITHIN_MS);
      }
    }
  }

  async #dropNode(node: NodeId): Promise<void> {
    await this.#committer.commit((batch) => {
      const held = this.#set.nodes.get(node);
      if (held === undefined || this.#set.isAnnounced(node)) return true;
      if (!batch.claim([held.replica.log])) return false;
      batch.change([{ kind: "drop", log: held.replica.log }], () => this.#set.setNode(node, undefined));
      return true;
    });
  }

  /** Takes over what was stored; where a node has two generations, only the announced or newer one. */
  async #takeNodes({ nodes }: LoadedDocuments): Promise<void> {
    const ascending = [...nodes].sort((a, b) => generationOf(a.held.guid) - generationOf(b.held.guid));
    const superfluous: string[] = [];
    for (const { node, held } of ascending) {
      const other = this.#set.nodes.get(node);
      const announced = this.#set.announced(node)?.guid;
      if (other !== undefined && other.guid === announced) {
        superfluous.push(held.replica.log);
        continue;
      }
      if (other !== undefined) superfluous.push(other.replica.log);
      this.#set.setNode(node, held);
    }
    // Over a copy: the loop takes nodes out.
    for (const [node, { replica }] of Array.from(this.#set.nodes)) {
      if (node === this.#author.self || this.#set.isAnnounced(node)) continue;
      superfluous.push(replica.log);
      this.#set.setNode(node, undefined);
    }
    if (superfluous.length === 0) return;
    const changes = superfluous.map((log) => ({ kind: "drop", log }) as const);
    await this.#components.store.write(changes);
  }

  /** A clock beyond those that are held may be in use, for what was lost: so all that follow are of a new epoch. */
  async #beginAnew(seen: OwnClocks, { unchecked }: LoadedDocuments): Promise<void> {
    const { logger, store } = this.#components;
    const next = { epoch: this.#newEpoch(), ordinal: Math.max(seen.ordinal, this.#author.ordinal) + 1 };
    await store.write([epochChange({ ...next, unchecked })]);
    this.#author.begin(next);
    logger.warn(
      next,
      "This peer's store has lost writes that it had acknowledged: it goes on in a new epoch, and has what it lost only from others",
    );
  }

  #hasMetOthers(): boolean {
    return this.#set.mesh.document.hasOtherAuthors(this.#author.meshClient);
  }

  #waitBeforeWriting({ origin }: LoadedDocuments): Promise<void> {
    const { firstExchangeMs, recoveryMs } = this.#options;
    const waitMs = origin === "recovered" ? recoveryMs : this.#hasMetOthers() ? firstExchangeMs : 0;
    if (waitMs === 0) return Promise.resolve();
    const timeUp = sleep(this.#components.clock, waitMs, this.#stopped.signal);
    const writable = Promise.race([this.synced, timeUp]);
    // Only who wants to write cares that the peer stops first.
    writable.catch(() => undefined);
    return writable;
  }

  #newEpoch(): string {
    const digits = () =>
      randomInteger(this.#components.random, 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return digits() + digits();
  }

  #inBackground(work: Promise<void>, problem: string): void {
    work.catch((error: unknown) => this.#components.logger.warn({ error }, problem));
  }
}
