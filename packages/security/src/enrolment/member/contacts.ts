import type { Network } from "@pi-controller/mesh";
import { MeshError, type NodeId } from "@pi-controller/schema";

/** Pending nodes that one of these speaks to at once, each through a network of its own. */
const MAX_CONTACTS = 2;
/** Who waits for one of them; more are turned away. */
const MAX_WAITING = 32;
const DIAL_TIMEOUT_MS = 10_000;

interface Components {
  /**
   * A started network under an identity of its own, which speaks the protocol of pending nodes and listens
   * nowhere: what answers there never learns a key of the mesh, nor which member called. Stopped after use.
   */
  readonly openPendingNetwork: () => Promise<Network>;
}

/** A connection to a pending node, whose id the handshake has proven. */
export interface Contact {
  readonly network: Pick<Network, "self" | "request">;
  readonly pending: NodeId;
}

/** Where a pending node should be; without `node`, whichever answers there is meant. */
export interface ContactTarget {
  readonly node?: NodeId;
  readonly addresses: readonly string[];
}

/** Speaks to pending nodes, to a bounded number of them at once. */
export class Contacts {
  readonly #components: Components;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(components: Components) {
    this.#components = components;
  }

  /**
   * Connects, and closes the connection when `use` has ended.
   *
   * @throws MeshError UNAVAILABLE when the node does not answer there, RESOURCE_EXHAUSTED when too many wait
   *   already, and whatever `use` throws
   */
  async reach<Result>(target: ContactTarget, use: (contact: Contact) => Promise<Result>): Promise<Result> {
    await this.#enter();
    try {
      const network = await this.#components.openPendingNetwork();
      try {
        return await use({ network, pending: await dial(network, target) });
      } finally {
        await network.stop();
      }
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#open < MAX_CONTACTS) {
      this.#open++;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      const message = "Too many pending nodes are being spoken to";
      throw new MeshError("RESOURCE_EXHAUSTED", message, { retryAfterMs: DIAL_TIMEOUT_MS });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place on to the next one. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#open--;
    else next();
  }
}

async function dial(network: Network, { node, addresses }: ContactTarget): Promise<NodeId> {
  const targets = node === undefined ? addresses : addresses.map((address) => withPeerId(address, node));
  const { outcome, peer, reason } = await network.dial({ addresses: targets }, DIAL_TIMEOUT_MS);
  if (outcome !== "connected" || peer === undefined) {
    throw new MeshError("UNAVAILABLE", `The pending node cannot be reached: ${reason ?? outcome}`);
  }
  if (node !== undefined && peer !== node) {
    throw new MeshError("UNAVAILABLE", "Another node answers where the pending node should be");
  }
  return peer;
}

function withPeerId(address: string, node: NodeId): string {
  return /\/p2p\/[^/]+$/.test(address) ? address : `${address}/p2p/${node}`;
}
