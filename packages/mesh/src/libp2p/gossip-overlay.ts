import type { Connection, IdentifyResult } from "@libp2p/interface";
import type { Clock, Logger } from "@pi-controller/runtime";
import type { AddressBook } from "../address-book.ts";
import type { Node } from "./create-node.ts";
import { withoutPeerId } from "./dial-plan.ts";
import type { PeerLink } from "./peer-link.ts";

/** A busy machine closes a stream later than it was told to. */
const MEND_AGAIN_MS = [1_000, 2_500, 5_000, 10_000];

interface Components {
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: Node;
}

/**
 * Brings gossipsub to peers that have been introduced: it takes a peer up when libp2p's identify has found that
 * he speaks it, so identify is run here, when his connection is ready. Does nothing on a node without gossip.
 */
export class GossipOverlay {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
    components.node.addEventListener("peer:identify", ({ detail }) => this.#onIdentify(detail));
  }

  /** Takes up gossip on a connection that is ready. */
  join(link: PeerLink): void {
    this.#components.node.services.identify?.identify(link.connection).catch((error: unknown) => {
      this.#components.logger.debug({ peer: link.peer, error }, "Gossip with a peer could not be taken up");
    });
  }

  /**
   * gossipsub opens its stream once, after identify; when that closes while another connection to the peer
   * stays, it never opens a second one. Another identify makes it do so.
   */
  mend(link: PeerLink): void {
    if (link.open && !hasGossipStream(link.connection)) this.join(link);
  }

  /** Mends what the closing of a second connection to the same peer leaves behind. */
  mendAfterDuplicate(kept: PeerLink): void {
    this.mend(kept);
    // Its stream may only be about to close with the other connection: look again.
    for (const delayMs of MEND_AGAIN_MS) this.#components.clock.setTimer(() => this.mend(kept), delayMs);
  }

  /** What a peer says of its own addresses is a claim; it costs no more than dials that fail. */
  #onIdentify({ peerId, listenAddrs }: IdentifyResult): void {
    const addresses = listenAddrs.map((address) => withoutPeerId(address.toString()));
    this.#components.addressBook.add(peerId.toString(), addresses);
  }
}

function hasGossipStream(connection: Connection): boolean {
  return connection.streams.some(
    ({ direction, protocol }) => direction === "outbound" && protocol.startsWith("/meshsub/"),
  );
}
