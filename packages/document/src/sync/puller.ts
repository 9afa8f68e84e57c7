import type { Network } from "@pi-controller/mesh";
import type { Logger } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import type { Author, Beginning } from "../author.ts";
import { clocksIn } from "../content/inspect-update.ts";
import type { SharedDocument } from "../content/shared-document.ts";
import type { DocumentSet } from "../document-set.ts";
import type { Intake, Outcome, RemoteUpdate } from "../intake.ts";
import { generationOf } from "../names.ts";
import type { Buckets } from "./buckets.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import {
  compareAnswerSchema,
  type DocumentName,
  fetchAnswerSchema,
  type Holding,
  MAX_FETCH,
  SYNC_METHOD,
} from "./messages.ts";

const EVERYTHING = new Uint8Array();

export interface PullerComponents {
  readonly network: Pick<Network, "self" | "request">;
  readonly set: DocumentSet;
  readonly buckets: Buckets;
  readonly author: Author;
  readonly intake: Intake;
  readonly logger: Logger;
  /** What to do when this peer's own writing turns out to have been lost here. */
  readonly recovery: Recovery;
}

export interface Recovery {
  /** Which generation of this peer's own document is announced in a mesh document of which an update has everything. */
  announcedIn(mesh: Uint8Array): string | undefined;
  /** @param update all of the mesh document as another peer holds it */
  recoverMesh(update: Uint8Array): Promise<void>;
  /** @param update all of a generation of the own document; undefined when the peer asked has it no more */
  recoverOwn(guid: string, update: Uint8Array | undefined): Promise<void>;
  /** Nothing that was written is uncertain any more. */
  noteChecked(): Promise<void>;
}

/** Fetches from one peer what this one lacks. It never sends: the other one fetches for itself. */
export class Puller {
  readonly #network: Pick<Network, "self" | "request">;
  readonly #set: DocumentSet;
  readonly #buckets: Buckets;
  readonly #author: Author;
  readonly #intake: Intake;
  readonly #logger: Logger;
  readonly #recovery: Recovery;
  readonly #requestTimeoutMs: number;

  constructor(components: PullerComponents, options: { readonly requestTimeoutMs: number }) {
    this.#network = components.network;
    this.#set = components.set;
    this.#author = components.author;
    this.#buckets = components.buckets;
    this.#intake = components.intake;
    this.#logger = components.logger;
    this.#recovery = components.recovery;
    this.#requestTimeoutMs = options.requestTimeoutMs;
  }

  /**
   * One exchange. Two peers in sync need one small request.
   *
   * @throws MeshError what the network or the store throws; what was taken in until then stays
   */
  async pull(peer: NodeId, signal: AbortSignal): Promise<void> {
    this.#set.rest();
    await this.#checkWhatWasWritten(peer, signal);
    const buckets = this.#buckets.digests();
    const question = { kind: "compare", mesh: this.#set.mesh.document.digest(), buckets };
    const answer = await this.#request(peer, encodeFrame(question, []), signal);
    const { meshDiffers, holdings } = decodeFrame(compareAnswerSchema, answer).header;
    // First, because it says which generations of node documents count.
    if (meshDiffers) await this.#pullMesh(peer, signal);
    let wanted: readonly DocumentName[] = holdings.filter((holding) => this.#wants(holding)).map(nameOf);
    while (wanted.length > 0) wanted = await this.#pullNodes(peer, wanted, signal);
    await this.#reconcileOwn(peer, signal);
    if (!this.#author.isChecked) await this.#recovery.noteChecked();
  }

  /**
   * Who wrote before he met anybody may have written as much as his disk had lost, or more: then nobody is ahead of
   * him, and the same clocks stand for different things. Whoever has more than he had when he began has what was lost.
   */
  async #checkWhatWasWritten(peer: NodeId, signal: AbortSignal): Promise<void> {
    const { isUncertain, meshBeginning, ownBeginning } = this.#author;
    if (!isUncertain) return;
    const { self } = this.#network;
    const names: DocumentName[] = [{ kind: "mesh" }];
    if (ownBeginning !== undefined) names.push({ kind: "node", node: self, guid: ownBeginning.guid });
    // Both before anything is done about one of them, which would have the other side drop what is old.
    const [mesh, node] = await this.#fetchAll(peer, names, signal);
    const later = mesh && ownBeginning && this.#generationAfter(ownBeginning.guid, mesh);
    const [laterNode] = later === undefined ? [] : await this.#fetchAll(peer, [later], signal);
    if (mesh !== undefined && isBeyond(mesh, meshBeginning)) await this.#recovery.recoverMesh(mesh);
    if (later !== undefined && laterNode !== undefined) {
      await this.#recovery.recoverOwn(later.guid, laterNode);
    } else if (node !== undefined && ownBeginning !== undefined && isBeyond(node, ownBeginning)) {
      await this.#recovery.recoverOwn(ownBeginning.guid, node);
    }
    // Before anything else is asked for: two that are uncertain must not wait for each other.
    await this.#recovery.noteChecked();
  }

  /** The generation of the own document that others know of and this peer has lost; undefined when there is none. */
  #generationAfter(guid: string, mesh: Uint8Array): (DocumentName & { kind: "node" }) | undefined {
    const { self } = this.#network;
    const announced = this.#recovery.announcedIn(mesh);
    if (announced === undefined || announced === guid) return undefined;
    // One before that is what somebody holds who has not heard of this one.
    if (generationOf(announced) < generationOf(guid)) return undefined;
    return { kind: "node", node: self, guid: announced };
  }

  async #pullMesh(peer: NodeId, signal: AbortSignal): Promise<void> {
    const name: DocumentName = { kind: "mesh" };
    const [update] = await this.#fetch(peer, [name], signal);
    if (update === undefined || (await this.#take(peer, name, update)).kind !== "set-back") return;
    const [everything] = await this.#fetch(peer, [name], signal, EVERYTHING);
    if (everything !== undefined) await this.#recovery.recoverMesh(everything);
  }

  /** @returns what did not fit into one answer */
  async #pullNodes(
    peer: NodeId,
    names: readonly DocumentName[],
    signal: AbortSignal,
  ): Promise<readonly DocumentName[]> {
    const asked = names.slice(0, MAX_FETCH);
    const updates = await this.#fetch(peer, asked, signal);
    await Promise.all(
      updates.map(async (update, index) => {
        const name = asked[index];
        if (update === undefined || name === undefined) return;
        const outcome = await this.#take(peer, name, update);
        if (name.kind === "node" && outcome.kind === "set-back") await this.#recoverOwn(peer, name, signal);
      }),
    );
    return names.slice(updates.length);
  }

  /** After its disk was lost, a peer finds in the mesh document that it once wrote another generation. */
  async #reconcileOwn(peer: NodeId, signal: AbortSignal): Promise<void> {
    const { self } = this.#network;
    const announced = this.#set.announced(self);
    if (announced === undefined || announced.guid === this.#set.nodes.get(self)?.guid) return;
    await this.#recoverOwn(peer, { kind: "node", node: self, guid: announced.guid }, signal);
  }

  async #recoverOwn(peer: NodeId, name: DocumentName & { kind: "node" }, signal: AbortSignal): Promise<void> {
    const [everything] = await this.#fetch(peer, [name], signal, EVERYTHING);
    await this.#recovery.recoverOwn(name.guid, everything);
  }

  #wants({ node, guid, digest }: Holding): boolean {
    const held = this.#set.nodes.get(node);
    if (held?.guid === guid) return held.replica.document.digest() !== digest;
    return node !== this.#network.self && this.#set.announced(node)?.guid === guid;
  }

  async #take(peer: NodeId, name: DocumentName, update: Uint8Array): Promise<Outcome> {
    const remote: RemoteUpdate = { ...name, update };
    const outcome = await this.#intake.receive(remote);
    if (outcome.kind === "malformed") {
      this.#logger.warn(
        { peer, document: name, reason: outcome.reason },
        "Refused a document of another peer",
      );
    }
    return outcome;
  }

  /** @returns for each document asked for, in order, everything, in as many answers as that takes */
  async #fetchAll(
    peer: NodeId,
    names: readonly DocumentName[],
    signal: AbortSignal,
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const found: (Uint8Array | undefined)[] = [];
    while (found.length < names.length) {
      const some = await this.#fetch(peer, names.slice(found.length), signal, EVERYTHING);
      if (some.length === 0) throw new MeshError("INVALID_ARGUMENT", "Invalid document message: no answer");
      found.push(...some);
    }
    return found;
  }

  /** @returns for each document asked for, in order, what is lacking; fewer when not all fitted */
  async #fetch(
    peer: NodeId,
    names: readonly DocumentName[],
    signal: AbortSignal,
    stateVector?: Uint8Array,
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const vectors = names.map((name) => stateVector ?? this.#find(name)?.stateVector() ?? EVERYTHING);
    const question = encodeFrame({ kind: "fetch", documents: names }, vectors);
    const { header, parts } = decodeFrame(fetchAnswerSchema, await this.#request(peer, question, signal));
    const held = header.held.slice(0, names.length);
    if (held.filter(Boolean).length !== parts.length) {
      throw new MeshError("INVALID_ARGUMENT", "Invalid document message: expected one update a document");
    }
    let next = 0;
    return held.map((isHeld) => (isHeld ? parts[next++] : undefined));
  }

  #find(name: DocumentName): SharedDocument | undefined {
    if (name.kind === "mesh") return this.#set.mesh.document;
    const held = this.#set.nodes.get(name.node);
    return held?.guid === name.guid ? held.replica.document : undefined;
  }

  #request(peer: NodeId, payload: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#network.request(peer, SYNC_METHOD, payload, { timeoutMs: this.#requestTimeoutMs, signal });
  }
}

/** Whether an update with everything has more of this peer's writing than there was when it began to write. */
function isBeyond(update: Uint8Array, beginning: Beginning | undefined): boolean {
  return beginning !== undefined && (clocksIn(update, beginning.client)?.to ?? 0) > beginning.clock;
}

function nameOf({ node, guid }: Holding): DocumentName {
  return { kind: "node", node, guid };
}
