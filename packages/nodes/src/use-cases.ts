import type {
  MeshView,
  NodeId,
  NodeMetrics,
  NodePage,
  NodeQuery,
  NodeRegistration,
  NodeUpdate,
  NodeView,
} from "@pi-controller/schema";
import type { AdmissionWish } from "./node-registry.ts";

export type { AdmissionWish };

/** Who asks, as far as a use case cares. */
export interface RequestContext {
  readonly correlationId: string;
}

/** A record with its revision: changes with every write, and is what `ETag` and `If-Match` carry. */
export interface Revised<T> {
  readonly value: T;
  readonly revision: string;
}

/** What any edge (REST, gRPC, CLI, ...) can do with nodes. All rules are behind this, none in the edges. */
export interface NodeUseCases {
  list(query: NodeQuery): NodePage;
  /** @throws MeshError NOT_FOUND */
  get(id: NodeId): Revised<NodeView>;
  /**
   * @throws MeshError ALREADY_EXISTS when another node has the name, FAILED_PRECONDITION when a peer answers at the
   *   address that has to be approved, UNAVAILABLE when a member does that is not in the roster yet
   */
  register(
    registration: NodeRegistration,
    context: RequestContext,
  ): Promise<Revised<NodeView> & { readonly created: boolean }>;
  /**
   * @param ifMatch the revision that the caller has seen; without it, whatever is there is overwritten
   * @throws MeshError NOT_FOUND, FAILED_PRECONDITION when the revision is another one, ALREADY_EXISTS when
   *   another node has the name
   */
  update(
    id: NodeId,
    update: NodeUpdate,
    ifMatch: string | undefined,
    context: RequestContext,
  ): Promise<Revised<NodeView>>;
  /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when the revision is another one or the node is a member */
  remove(id: NodeId, ifMatch: string | undefined, context: RequestContext): Promise<void>;
  /** Enters a member that was just admitted under the name and labels that somebody wants for it. */
  admit(id: NodeId, wish: AdmissionWish): Promise<void>;
  /** Takes a node out of the roster that was revoked or has left. */
  forget(id: NodeId, context: RequestContext): Promise<void>;
  /** @throws MeshError NOT_FOUND */
  metrics(id: NodeId, query: { readonly since?: string | undefined; readonly limit: number }): NodeMetrics;
  mesh(): MeshView;
}
