import { MAX_REQUEST_BYTES } from "@pi-controller/mesh";
import { MeshError } from "@pi-controller/schema";
import type { Author } from "../author.ts";
import type { SharedDocument } from "../content/shared-document.ts";
import type { DocumentSet } from "../document-set.ts";
import type { Buckets } from "./buckets.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { type DocumentName, FETCH_BUDGET_BYTES, type SyncRequest, syncRequestSchema } from "./messages.ts";

/** Answers the requests of other peers out of what this one holds on disk. */
export class SyncResponder {
  readonly #set: DocumentSet;
  readonly #author: Author;
  readonly #buckets: Buckets;

  constructor(components: { set: DocumentSet; author: Author; buckets: Buckets }) {
    this.#set = components.set;
    this.#author = components.author;
    this.#buckets = components.buckets;
  }

  /** @throws MeshError INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE */
  answer(payload: Uint8Array): Uint8Array {
    const { header, parts } = decodeFrame(syncRequestSchema, payload);
    return header.kind === "compare" ? this.#compare(header) : this.#fetch(header.documents, parts);
  }

  #compare(request: SyncRequest & { kind: "compare" }): Uint8Array {
    this.#refuseWhileUncertain();
    const holdings = this.#buckets.differing(request.buckets);
    return encodeFrame({ meshDiffers: this.#set.mesh.document.digest() !== request.mesh, holdings }, []);
  }

  #fetch(names: readonly DocumentName[], stateVectors: readonly Uint8Array[]): Uint8Array {
    if (names.length !== stateVectors.length) {
      throw new MeshError(
        "INVALID_ARGUMENT",
        "Invalid document message: expected one state vector a document",
      );
    }
    // It may have begun to write since it was compared with.
    if (names.some((name, index) => this.#isToBeTaken(name, stateVectors[index] as Uint8Array))) {
      this.#refuseWhileUncertain();
    }
    const held: boolean[] = [];
    const updates: Uint8Array[] = [];
    let bytes = 0;
    for (const [index, name] of names.entries()) {
      const document = this.#find(name);
      if (document !== undefined) {
        const update = encodeDifference(document, stateVectors[index] as Uint8Array);
        if (held.length > 0 && bytes + update.length > FETCH_BUDGET_BYTES) break;
        bytes += update.length;
        updates.push(update);
      }
      held.push(document !== undefined);
    }
    const answer = encodeFrame({ held }, updates);
    if (answer.length > MAX_REQUEST_BYTES) {
      throw new MeshError("RESOURCE_EXHAUSTED", "The document is too large for one answer");
    }
    return answer;
  }

  /** Whether somebody wants it who would keep it: who only wants to look wants all of the mesh document, or his own. */
  #isToBeTaken(name: DocumentName, stateVector: Uint8Array): boolean {
    return name.kind === "mesh" ? stateVector.length > 0 : name.node === this.#author.self;
  }

  /** Nobody takes this peer's writing for good while it is uncertain of it; whoever only wants to look, can. */
  #refuseWhileUncertain(): void {
    if (!this.#author.isUncertain) return;
    throw new MeshError("UNAVAILABLE", "This peer has yet to see whether its disk has lost anything");
  }

  #find(name: DocumentName): SharedDocument | undefined {
    if (name.kind === "mesh") return this.#set.mesh.document;
    const held = this.#set.nodes.get(name.node);
    return held?.guid === name.guid ? held.replica.document : undefined;
  }
}

function encodeDifference(document: SharedDocument, stateVector: Uint8Array): Uint8Array {
  try {
    return document.encode(stateVector.length === 0 ? undefined : stateVector);
  } catch (error) {
    throw new MeshError(
      "INVALID_ARGUMENT",
      "Invalid document message: bad state vector",
      {},
      { cause: error },
    );
  }
}
