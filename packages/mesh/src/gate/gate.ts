import type { Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** Port: who may be connected to, ask, and be heard. */
export interface PeerGate {
  allows(peer: NodeId): boolean;
  /** Calls back when somebody may no longer be what he was: his connections are cut then. */
  observe(listener: () => void): Unsubscribe;
}

/**
 * Port: what two peers tell each other before anything else. Each side of a new connection runs one of its own;
 * until it has ended, the connection carries nothing else to this side.
 */
export interface Introduction {
  /**
   * Asks the other side, over as many requests as it takes.
   *
   * @param ask sends one request and resolves to its answer
   * @throws anything when the connection must not be used: it is closed then
   */
  introduce(peer: NodeId, ask: (payload: Uint8Array) => Promise<Uint8Array>): Promise<void>;
  /** Answers one request of the other side's. @throws MeshError */
  answer(peer: NodeId, payload: Uint8Array): Promise<Uint8Array>;
}

/**
 * Port: the keys of the outer fence, under which whatever goes over a connection is enciphered before the
 * handshake that proves who is there. It keeps strangers from talking to the handshake at all; it proves nothing.
 */
export interface Fence {
  /** Keys of 32 bytes that a dialler may use, newest first; none for no fence. */
  accepted(): readonly Uint8Array[];
  /** The key to dial a peer with: the newest that it is known to have; undefined for no fence. */
  dialling(peer: NodeId | undefined): Uint8Array | undefined;
}

/** Lets everybody in: for programs that have no roster, such as tests of what is above the network. */
export const openGate: PeerGate = { allows: () => true, observe: () => () => {} };
