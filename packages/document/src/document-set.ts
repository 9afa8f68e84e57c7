import { Emitter, type Logger, type Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import { RecordReader } from "./collection.ts";
import { Replica } from "./commit/replica.ts";
import type { SharedDocument, Touched } from "./content/shared-document.ts";
import { type AnnouncedDocument, announcedDocuments, MESH_LOG, nodeClient, nodeLog } from "./names.ts";

/** A node's document, in one of its generations. */
export interface NodeReplica {
  readonly guid: string;
  /** The Yjs client id of its one author. */
  readonly client: number;
  readonly replica: Replica;
}

/** `mesh`, or the node whose document it is. */
export type Scope = { readonly kind: "mesh" } | { readonly kind: "node"; readonly node: NodeId };

export function meshReplica(): Replica {
  // Who may write what in it can be told once records are signed; until then, whoever is in the mesh.
  return new Replica(MESH_LOG, () => true);
}

export function nodeReplica(node: NodeId, guid: string): NodeReplica {
  const client = nodeClient(node, guid);
  return { guid, client, replica: new Replica(nodeLog(node, guid), (author) => author === client) };
}

/** The documents that this peer holds, and who wants to hear of their changes. All in memory. */
export class DocumentSet {
  readonly reader: RecordReader;
  readonly #nodes = new Map<NodeId, NodeReplica>();
  /** By scope, then by collection. */
  readonly #listeners = new Map<string, Map<string, Emitter<ReadonlySet<string>>>>();
  readonly #onListenerError: (error: unknown) => void;
  readonly #scopes = new Map<Replica, Scope>();
  #mesh = meshReplica();

  constructor(components: { logger: Logger }) {
    const { logger } = components;
    this.reader = new RecordReader((collection, id, problem) =>
      logger.warn({ collection, id, problem }, "Skipped a record that this version does not understand"),
    );
    this.#onListenerError = (error) => logger.error({ error }, "A listener of a collection failed");
  }

  get mesh(): Replica {
    return this.#mesh;
  }

  get nodes(): ReadonlyMap<NodeId, NodeReplica> {
    return this.#nodes;
  }

  /** Which generation of its document a node has announced; undefined when it has none. */
  announced(node: NodeId): AnnouncedDocument | undefined {
    const announced = this.reader.read(announcedDocuments, node, this.#mesh.document);
    return announced?.id === node ? announced : undefined;
  }

  /** Whether a node has a document at all; also true when this version cannot read which. */
  isAnnounced(node: NodeId): boolean {
    return this.#mesh.document.record(announcedDocuments.name, node) !== undefined;
  }

  document(scope: Scope): SharedDocument | undefined {
    return scope.kind === "mesh" ? this.#mesh.document : this.#nodes.get(scope.node)?.replica.document;
  }

  /** Which document a replica is; undefined when another one has taken its place. */
  scopeOf(replica: Replica): Scope | undefined {
    return this.#scopes.get(replica);
  }

  /** Puts another document in the place of the mesh document. */
  setMesh(replica: Replica): void {
    const old = this.#mesh;
    this.#mesh = replica;
    this.#scopes.delete(old);
    this.#scopes.set(replica, { kind: "mesh" });
    this.#notifyDifferences({ kind: "mesh" }, old.document, replica.document);
  }

  /** Puts another document, or none, in the place of a node's; listeners hear what differs. */
  setNode(node: NodeId, held: NodeReplica | undefined): void {
    const old = this.#nodes.get(node);
    const scope: Scope = { kind: "node", node };
    this.#nodes.delete(node);
    if (old !== undefined) this.#scopes.delete(old.replica);
    if (held !== undefined) {
      // Most are not written again before this process ends.
      held.replica.document.rest();
      this.#nodes.set(node, held);
      this.#scopes.set(held.replica, scope);
    }
    this.#notifyDifferences(scope, old?.replica.document, held?.replica.document);
  }

  /** To be called now and then: lets documents of nodes rest that were not needed for a while. */
  rest(): void {
    for (const { replica } of this.#nodes.values()) replica.document.restWhenIdle();
  }

  observe(scope: Scope, collection: string, listener: (ids: ReadonlySet<string>) => void): Unsubscribe {
    const key = keyOf(scope);
    const emitters = this.#listeners.get(key) ?? new Map<string, Emitter<ReadonlySet<string>>>();
    this.#listeners.set(key, emitters);
    const emitter = emitters.get(collection) ?? new Emitter<ReadonlySet<string>>(this.#onListenerError);
    emitters.set(collection, emitter);
    return emitter.on(listener);
  }

  notify(scope: Scope, touched: Touched): void {
    const emitters = this.#listeners.get(keyOf(scope));
    for (const [collection, ids] of touched) emitters?.get(collection)?.emit(ids);
  }

  #notifyDifferences(
    scope: Scope,
    before: SharedDocument | undefined,
    after: SharedDocument | undefined,
  ): void {
    if (this.#listeners.has(keyOf(scope))) this.notify(scope, differences(before, after));
  }
}

function keyOf(scope: Scope): string {
  return scope.kind === "mesh" ? "mesh" : `node/${scope.node}`;
}

/** Ids of the records that are not equal in two documents. */
function differences(before: SharedDocument | undefined, after: SharedDocument | undefined): Touched {
  const touched = new Map<string, Set<string>>();
  for (const [here, there] of [
    [before, after],
    [after, before],
  ]) {
    for (const [collection, id, record] of here?.records() ?? []) {
      if (record === there?.record(collection, id)) continue;
      const ids = touched.get(collection) ?? new Set();
      touched.set(collection, ids.add(id));
    }
  }
  return touched;
}
