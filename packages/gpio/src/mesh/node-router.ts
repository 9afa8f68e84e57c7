import { MeshError, type NodeId, type ReservationId } from "@pi-controller/schema";
import { reservationsCollection } from "../collections.ts";
import { ownersAmong } from "../reservation-id.ts";
import type { NodePins } from "./node-pins.ts";
import type { GpioDocuments, GpioNodes } from "./ports.ts";

export interface NodeRouterComponents {
  readonly own: NodePins;
  readonly remote: (node: NodeId) => NodePins;
  readonly nodes: GpioNodes;
  readonly documents: Pick<GpioDocuments, "node">;
}

/** Finds the node that a request concerns, and the way to its pins. */
export class NodeRouter {
  readonly #components: NodeRouterComponents;
  readonly self: NodeId;

  constructor(components: NodeRouterComponents, options: { readonly self: NodeId }) {
    this.#components = components;
    this.self = options.self;
  }

  /** @throws MeshError NOT_FOUND */
  ownerOf(id: ReservationId): NodeId {
    const { nodes, documents } = this.#components;
    const candidates = ownersAmong(id, nodes.all());
    const owner =
      candidates.length > 1
        ? candidates.find((node) => documents.node(node).collection(reservationsCollection).get(id))
        : undefined;
    const found = owner ?? candidates[0];
    if (found === undefined) throw new MeshError("NOT_FOUND", "No node of this mesh has such a reservation");
    return found;
  }

  /**
   * The pins of a node that may be there.
   *
   * @throws MeshError NOT_FOUND when it is no member, UNAVAILABLE when it is known to be away: nobody waits for that
   */
  pinsOf(node: NodeId): NodePins {
    const { own, remote, nodes } = this.#components;
    if (node === this.self) return own;
    this.expectMember(node);
    const state = nodes.stateOf(node);
    if (state === "dead" || state === "left") {
      throw new MeshError("UNAVAILABLE", `${nodes.nameOf(node)} is out of reach (${state})`);
    }
    return remote(node);
  }

  /** @throws MeshError NOT_FOUND */
  expectMember(node: NodeId): void {
    if (!this.#components.nodes.all().includes(node)) {
      throw new MeshError("NOT_FOUND", "There is no such member of the mesh");
    }
  }
}
