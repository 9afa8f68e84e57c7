import type { Logger } from "@pi-controller/runtime";
import type { Author } from "./author.ts";
import type { Committer } from "./commit/committer.ts";
import type { Replica } from "./commit/replica.ts";
import { Draft } from "./content/draft.ts";
import { inspectUpdate } from "./content/inspect-update.ts";
import type { SharedDocument } from "./content/shared-document.ts";
import { type DocumentSet, meshReplica, nodeReplica } from "./document-set.ts";
import { epochChange } from "./load-documents.ts";
import { announcedDocuments, MESH_LOG, meshClient } from "./names.ts";
import type { OwnDocument } from "./own-document.ts";
import type { Recovery } from "./sync/puller.ts";

export interface SetBackComponents {
  readonly set: DocumentSet;
  readonly committer: Committer;
  readonly author: Author;
  readonly own: OwnDocument;
  readonly logger: Logger;
  readonly newEpoch: () => string;
  /** Tells other peers what this one has written into the mesh document. */
  readonly broadcastMesh: (update: Uint8Array) => void;
}

/**
 * What a peer does whose store was set back to an earlier state, as by an old copy of its card, and which has
 * written since: it has used the same clocks twice, for different things. Yjs would never notice, and the
 * documents would differ for ever. So it takes what the others hold, starts a new epoch and with it new
 * client ids, and writes again what it wrote since it started.
 */
export class SetBack implements Recovery {
  readonly #set: DocumentSet;
  readonly #committer: Committer;
  readonly #author: Author;
  readonly #own: OwnDocument;
  readonly #logger: Logger;
  readonly #newEpoch: () => string;
  readonly #broadcastMesh: (update: Uint8Array) => void;

  constructor(components: SetBackComponents) {
    this.#set = components.set;
    this.#committer = components.committer;
    this.#author = components.author;
    this.#own = components.own;
    this.#logger = components.logger;
    this.#newEpoch = components.newEpoch;
    this.#broadcastMesh = components.broadcastMesh;
  }

  announcedIn(update: Uint8Array): string | undefined {
    const theirs = meshReplica();
    if (!this.#fill(theirs, update)) return undefined;
    return this.#set.reader.read(announcedDocuments, this.#author.self, theirs.document)?.guid;
  }

  async recoverMesh(update: Uint8Array): Promise<void> {
    const next = meshReplica();
    if (!this.#fill(next, update)) return;
    const epoch = this.#newEpoch();
    this.#logger.warn(
      { epoch },
      "This peer's store was set back: it takes the others' state, in a new epoch",
    );
    let rewritten: Uint8Array | undefined;
    await this.#committer.commit((batch) => {
      if (!batch.isEmpty) return false;
      rewritten = this.#rewrite(next.document, meshClient(this.#author.self, epoch));
      if (rewritten !== undefined) next.document.apply(rewritten);
      const entry = next.document.encode();
      const { unchecked } = this.#author;
      const ordinal = this.#author.ordinal + 1;
      const begun = epochChange({ epoch, ordinal, unchecked });
      batch.change([{ kind: "replace", log: MESH_LOG, entry }, begun], () => {
        next.noteSnapshot(entry.length);
        this.#author.renewMesh(epoch);
        this.#set.setMesh(next);
      });
      batch.close();
      return true;
    });
    if (rewritten !== undefined) this.#broadcastMesh(rewritten);
  }

  async recoverOwn(guid: string, update: Uint8Array | undefined): Promise<void> {
    const theirs = nodeReplica(this.#author.self, guid).replica;
    if (update !== undefined && !this.#fill(theirs, update)) return;
    this.#logger.warn(
      { guid, found: update !== undefined },
      "This node's own document goes on from what others hold",
    );
    await this.#own.recover(update === undefined ? undefined : theirs.document, guid, this.#newEpoch());
  }

  async noteChecked(): Promise<void> {
    await this.#committer.commit((batch) => {
      if (!batch.isEmpty) return false;
      const { epoch, ordinal, isUncertain } = this.#author;
      batch.change(isUncertain ? [epochChange({ epoch, ordinal })] : [], () => {
        this.#author.isChecked = true;
      });
      batch.close();
      return true;
    });
  }

  #fill(replica: Replica, update: Uint8Array): boolean {
    const { document } = replica;
    const isAuthor = (client: number) => replica.isAuthor(client);
    const inspection = inspectUpdate(update, { document, staged: new Map(), isAuthor });
    if (inspection.verdict === "fit") document.apply(inspection.update);
    return inspection.verdict === "fit" || inspection.verdict === "known";
  }

  #rewrite(document: SharedDocument, client: number): Uint8Array | undefined {
    const draft = new Draft(document, client);
    for (const { collection, id } of this.#author.meshWritten) {
      // Which generation of this node's document counts comes of what the others hold of that.
      if (collection === announcedDocuments.name && id === this.#author.self) continue;
      draft.write(collection, id, this.#set.mesh.document.record(collection, id));
    }
    return draft.encode();
  }
}
