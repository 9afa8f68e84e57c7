import { decodePage, encodePage, type Logger, type UnsyncedPage } from "@pi-controller/runtime";
import * as z from "zod";
import type { Author } from "./author.ts";
import type { DocumentSet } from "./document-set.ts";
import { epochSchema, generationOf, guidSchema, meshClient } from "./names.ts";

const countSchema = z.int().nonnegative();
const ownClocksSchema = z.object({
  epoch: epochSchema,
  ordinal: countSchema,
  /** The epoch that the client id in the mesh document is made of, and how much was written under it. */
  mesh: z.object({ epoch: epochSchema, clock: countSchema }),
  /** The generation of the own document, and how much was written into it; null as long as there is none. */
  own: z.object({ guid: guidSchema, clock: countSchema }).nullable(),
});
/** How far this peer has come as a writer. */
export type OwnClocks = z.infer<typeof ownClocksSchema>;

export interface ClockWitnessComponents {
  readonly page: UnsyncedPage;
  readonly author: Author;
  readonly set: DocumentSet;
  readonly logger: Logger;
}

/**
 * Knows, outside of the store, how far this peer has come as a writer, so that it finds out by itself when its store
 * has lost what was acknowledged, as LevelDB does when the newest of its own log is damaged. Nobody else can be relied
 * on for that: whom it meets first may lack the same writes, and a clock that is used twice by then stands for two
 * different things for ever.
 *
 * The page is written after the store has acknowledged a batch, and before that is acknowledged or broadcast from here.
 * So it is never ahead of the store, unless that has lost something: a kill in between costs no epoch, and leaves the
 * page one batch behind, of which nobody was told. After a power cut it may be further behind, or torn, and after an old
 * copy of the card is put back it is as old as that: then it knows nothing, and the first exchange has to find out.
 */
export class ClockWitness {
  readonly #page: UnsyncedPage;
  readonly #author: Author;
  readonly #set: DocumentSet;
  readonly #logger: Logger;
  #saved = "";
  #isFailing = false;

  constructor(components: ClockWitnessComponents) {
    this.#page = components.page;
    this.#author = components.author;
    this.#set = components.set;
    this.#logger = components.logger;
  }

  /** @returns what was saved last; undefined when that is not there, torn or cannot be read */
  async load(): Promise<OwnClocks | undefined> {
    try {
      return ownClocksSchema.safeParse(decodePage(await this.#page.read())).data;
    } catch (error) {
      this.#logger.warn({ error }, "Cannot read how far this peer had come as a writer");
      return undefined;
    } finally {
      await this.close();
    }
  }

  /** Whether what is held has less of this peer's own writing than there was. */
  hasLost(seen: OwnClocks): boolean {
    const { self, epoch, ordinal } = this.#author;
    if (seen.ordinal !== ordinal) return seen.ordinal > ordinal;
    if (seen.epoch !== epoch) return true;
    const { mesh, nodes } = this.#set;
    if (seen.mesh.clock > mesh.document.clockOf(meshClient(self, seen.mesh.epoch))) return true;
    if (seen.own === null) return false;
    const held = nodes.get(self);
    if (held?.guid === seen.own.guid) return seen.own.clock > held.replica.document.clockOf(held.client);
    return held === undefined || generationOf(seen.own.guid) > generationOf(held.guid);
  }

  /** Writes down what is held now, if it is not. Never fails: without it, the first exchange has to find out. */
  async save(): Promise<void> {
    const now = this.#now();
    const text = JSON.stringify(now);
    if (text === this.#saved) return;
    try {
      await this.#page.write(encodePage(now));
      this.#saved = text;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#logger.warn({ error }, "Cannot write down how far this peer has come as a writer");
      this.#isFailing = true;
    }
  }

  async close(): Promise<void> {
    await this.#page.close();
  }

  #now(): OwnClocks {
    const { self, epoch, ordinal, meshEpoch, meshClient } = this.#author;
    const held = this.#set.nodes.get(self);
    return {
      epoch,
      ordinal,
      mesh: { epoch: meshEpoch, clock: this.#set.mesh.document.clockOf(meshClient) },
      own: held === undefined ? null : { guid: held.guid, clock: held.replica.document.clockOf(held.client) },
    };
  }
}
