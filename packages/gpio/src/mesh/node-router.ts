import { MeshError, type NodeId, type ReservationId } from "@pi-controller/schema";
import { reservationsCollection } from "../collections.ts";
import { ownersAmong } from "../reservation-id.ts";
import type { NodePins } from "./node-pins.ts";
import type { GpioDocuments, GpioNodes } from "./ports.ts";
import { isGone } from "./while-there.ts";

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

  /**
   * Two nodes whose ids hash to one prefix are told apart by their documents.
   *
   * @throws MeshError NOT_FOUND; UNAVAILABLE when two nodes claim it: by chance that is not, so one of them lies,
   *   and what is meant for the other's pin is told to neither
   */
  ownerOf(id: ReservationId): NodeId {
    const { nodes, documents } = this.#components;
    const candidates = ownersAmong(id, nodes.all());
    const claiming =
      candidates.length > 1
        ? candidates.filter((node) => documents.node(node).collection(reservationsCollection).get(id))
        : candidates;
    // Of its own ones each node knows.
    if (claiming.includes(this.self)) return this.self;
    if (claiming.length > 1) {
      const names = claiming.map((node) => nodes.nameOf(node)).join(" and ");
      throw new MeshError("UNAVAILABLE", `${names} claim this reservation: revoke the one that lies`);
    }
    const found = claiming[0] ?? candidates[0];
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
    if (isGone(nodes, node)) {
      throw new MeshError("UNAVAILABLE", `${nodes.nameOf(node)} is out of reach (${nodes.stateOf(node)})`);
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
