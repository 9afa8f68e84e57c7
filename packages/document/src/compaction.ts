import type { Logger } from "@pi-controller/runtime";
import type { Committer } from "./commit/committer.ts";
import type { Replica } from "./commit/replica.ts";
import type { DocumentSet } from "./document-set.ts";

/** Replaces logs that have become long by one snapshot each. */
export class Compaction {
  readonly #committer: Committer;
  readonly #set: DocumentSet;
  readonly #logger: Logger;
  readonly #underWay = new Set<Replica>();

  constructor(components: { committer: Committer; set: DocumentSet; logger: Logger }) {
    this.#committer = components.committer;
    this.#set = components.set;
    this.#logger = components.logger;
  }

  /** Call after something was appended. */
  async consider(replica: Replica): Promise<void> {
    if (!replica.wantsSnapshot || this.#underWay.has(replica)) return;
    this.#underWay.add(replica);
    try {
      await this.#committer.commit((batch) => {
        // The log of a document that was replaced meanwhile must not come back.
        if (this.#set.scopeOf(replica) === undefined) return true;
        const entry = replica.document.encode();
        const change = { kind: "replace", log: replica.log, entry } as const;
        batch.change([change], () => replica.noteSnapshot(entry.length));
        return true;
      });
    } catch (error) {
      this.#logger.debug({ error, log: replica.log }, "Could not compact a log; it will be tried again");
    } finally {
      this.#underWay.delete(replica);
    }
  }
}
