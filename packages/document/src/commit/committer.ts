import type { Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { LogChange, Store } from "../store/store.ts";
import { type Applied, Batch, type Local } from "./batch.ts";

/** More than these at once are refused: writers are then faster than the disk. */
const MAX_QUEUE = 20_000;
/** Jobs that go to the disk in one write at most. */
const MAX_BATCH = 2000;

/** Something to be committed. */
export interface Job {
  /**
   * Adds its part to a batch; false when that has to wait for the batch to be committed first. What it
   * throws fails this job alone.
   */
  stage(batch: Batch): boolean;
  committed(): void;
  failed(error: unknown): void;
}

/**
 * Takes what is to be written, from here and from other peers, to the disk and only then into the documents.
 * While one batch is on its way to the disk the next one gathers: under load many transactions share one
 * synced write.
 */
export class Committer {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #accompany: (locals: readonly Local[], changes: readonly LogChange[]) => readonly LogChange[];
  readonly #onStored: (applied: readonly Applied[]) => Promise<void>;
  readonly #onApplied: (applied: readonly Applied[]) => void;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;
  #isStopped = false;
  #lastError: unknown;

  /**
   * @param components `accompany` tells what goes to the disk along with changes, of which some are this peer's own
   *   writing; `onStored` is waited for when a batch is on the disk, before anybody is told of it
   */
  constructor(components: {
    store: Store;
    logger: Logger;
    accompany: (locals: readonly Local[], changes: readonly LogChange[]) => readonly LogChange[];
    onStored: (applied: readonly Applied[]) => Promise<void>;
    onApplied: (applied: readonly Applied[]) => void;
  }) {
    this.#store = components.store;
    this.#logger = components.logger;
    this.#accompany = components.accompany;
    this.#onStored = components.onStored;
    this.#onApplied = components.onApplied;
  }

  /** Why the last write was refused; undefined when it was not. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Resolves when it is on the disk and visible; rejects when it is neither. */
  commit(stage: (batch: Batch) => boolean): Promise<void> {
    return new Promise((committed, failed) => this.submit({ stage, committed, failed }));
  }

  submit(job: Job): void {
    if (this.#isStopped) {
      job.failed(new MeshError("UNAVAILABLE", "This peer is stopping"));
      return;
    }
    if (this.#queue.length >= MAX_QUEUE) {
      job.failed(new MeshError("RESOURCE_EXHAUSTED", "Too many writes wait for the disk"));
      return;
    }
    this.#queue.push(job);
    this.#running ??= this.#run();
  }

  /** Commits what was submitted, and refuses everything after that. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever submits several in a row gets them into one batch.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commitBatch();
    this.#running = undefined;
  }

  async #commitBatch(): Promise<void> {
    const batch = new Batch();
    const jobs = this.#stage(batch);
    try {
      const staged = batch.encode();
      const changes = [...staged, ...this.#accompany(batch.locals(), staged)];
      if (changes.length > 0) {
        await this.#store.write(changes);
        if (this.#lastError !== undefined) this.#logger.info({}, "The document can be written again");
        this.#lastError = undefined;
      }
      const applied = batch.apply();
      if (changes.length > 0) await this.#onStored(applied);
      this.#onApplied(applied);
    } catch (error) {
      if (this.#lastError === undefined) {
        this.#logger.error({ error }, "The document cannot be written; reads go on, writes are refused");
      }
      this.#lastError = error;
      for (const job of jobs) job.failed(error);
      return;
    }
    for (const job of jobs) job.committed();
  }

  #stage(batch: Batch): readonly Job[] {
    const staged: Job[] = [];
    let taken = 0;
    for (const job of this.#queue) {
      if (batch.isClosed || staged.length >= MAX_BATCH) break;
      try {
        if (!job.stage(batch)) {
          if (staged.length > 0) break;
          throw new Error("A job waits for a batch that is empty");
        }
        staged.push(job);
      } catch (error) {
        job.failed(error);
      }
      taken++;
    }
    this.#queue = this.#queue.slice(taken);
    return staged;
  }
}
