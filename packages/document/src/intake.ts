import type { NodeId } from "@pi-controller/schema";
import type { Author } from "./author.ts";
import type { Batch } from "./commit/batch.ts";
import type { Committer } from "./commit/committer.ts";
import { type Inspection, inspectUpdate } from "./content/inspect-update.ts";
import { type DocumentSet, nodeReplica } from "./document-set.ts";

const NO_CLOCKS: ReadonlyMap<number, number> = new Map();

/** An update from another peer, of the mesh document or of one generation of a node's document. */
export type RemoteUpdate =
  | {
      readonly kind: "mesh";
      readonly update: Uint8Array;
      /** Who may have written it, when the way it came tells. */
      readonly isAuthor?: (client: number) => boolean;
    }
  | { readonly kind: "node"; readonly node: NodeId; readonly guid: string; readonly update: Uint8Array };

export type Outcome =
  | { readonly kind: "applied" | "known" | "gap" }
  | { readonly kind: "malformed"; readonly reason: string }
  /** Of a generation that is neither held nor announced, as far as this peer knows. */
  | { readonly kind: "unannounced" }
  /** Others have more of this peer's own writing than it has itself: its store was set back. */
  | { readonly kind: "set-back" };

/** Takes updates of other peers in: checked, stored, applied, in this order. */
export class Intake {
  readonly #committer: Committer;
  readonly #set: DocumentSet;
  readonly #author: Author;

  constructor(components: { committer: Committer; set: DocumentSet; author: Author }) {
    this.#committer = components.committer;
    this.#set = components.set;
    this.#author = components.author;
  }

  /** @throws MeshError when it cannot be stored; it is not applied then */
  async receive(remote: RemoteUpdate): Promise<Outcome> {
    let outcome: Outcome = { kind: "known" };
    await this.#committer.commit((batch) => {
      const staged = remote.kind === "mesh" ? this.#stageMesh(batch, remote) : this.#stageNode(batch, remote);
      if (staged === "later") return false;
      outcome = staged;
      return true;
    });
    return outcome;
  }

  #stageMesh(batch: Batch, remote: RemoteUpdate & { kind: "mesh" }): Outcome {
    const { mesh } = this.#set;
    const isAuthor = remote.isAuthor ?? ((client: number) => mesh.isAuthor(client));
    const staged = batch.stagedClocks(mesh);
    const inspection = inspectUpdate(remote.update, { document: mesh.document, staged, isAuthor });
    if (inspection.verdict !== "fit") return outcomeOf(inspection);
    const ownClock = inspection.clocks.get(this.#author.meshClient) ?? 0;
    const isAhead = ownClock > mesh.document.clockOf(this.#author.meshClient);
    // Nothing written since the start: what was lost simply comes back, and writing goes on after it.
    if (isAhead && (this.#author.meshWritten.size > 0 || !batch.isEmpty)) return { kind: "set-back" };
    batch.update(mesh, inspection.update, inspection.clocks);
    return { kind: "applied" };
  }

  #stageNode(batch: Batch, remote: RemoteUpdate & { kind: "node" }): Outcome | "later" {
    const { node, guid, update } = remote;
    const held = this.#set.nodes.get(node);
    if (held?.guid !== guid) return this.#stageGeneration(batch, remote);
    const { replica } = held;
    if (batch.isClaimed(replica.log)) return "later";
    const staged = batch.stagedClocks(replica);
    const isAuthor = (client: number) => replica.isAuthor(client);
    const inspection = inspectUpdate(update, { document: replica.document, staged, isAuthor });
    if (inspection.verdict !== "fit") return outcomeOf(inspection);
    // It is this peer's own to write: whatever is new to it, it wrote itself and has lost.
    if (node === this.#author.self && (this.#author.ownWritten.size > 0 || !batch.isEmpty)) {
      return { kind: "set-back" };
    }
    batch.update(replica, inspection.update, inspection.clocks);
    return { kind: "applied" };
  }

  /** Switches to a generation as soon as its content is here: disk and memory in one step. */
  #stageGeneration(batch: Batch, remote: RemoteUpdate & { kind: "node" }): Outcome | "later" {
    const { node, guid, update } = remote;
    if (node === this.#author.self) return { kind: "set-back" };
    if (this.#set.announced(node)?.guid !== guid) return { kind: "unannounced" };
    const next = nodeReplica(node, guid);
    const isAuthor = (client: number) => next.replica.isAuthor(client);
    const context = { document: next.replica.document, staged: NO_CLOCKS, isAuthor };
    const inspection = inspectUpdate(update, context);
    // A generation without any record is nothing new to an empty document, and yet the one to switch to.
    if (inspection.verdict !== "fit" && inspection.verdict !== "known") return outcomeOf(inspection);
    const old = this.#set.nodes.get(node);
    const { log } = next.replica;
    if (!batch.claim(old === undefined ? [log] : [log, old.replica.log])) return "later";
    batch.change(
      [
        { kind: "replace", log, entry: update },
        ...(old === undefined ? [] : [{ kind: "drop", log: old.replica.log } as const]),
      ],
      () => {
        next.replica.load([update]);
        this.#set.setNode(node, next);
      },
    );
    return { kind: "applied" };
  }
}

function outcomeOf(inspection: Exclude<Inspection, { verdict: "fit" }>): Outcome {
  return inspection.verdict === "malformed"
    ? { kind: "malformed", reason: inspection.reason }
    : { kind: inspection.verdict };
}
