import type { Service, Unsubscribe } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";

/** `refused`: a machine answered that no such process listens there. `unreachable`: nobody answered in time. */
export type DialOutcome = "connected" | "refused" | "unreachable";

export interface DialResult {
  readonly outcome: DialOutcome;
  /** Who answered, when somebody did. */
  readonly peer?: NodeId;
  /** Why it did not connect, for the log and the person who asked. */
  readonly reason?: string;
}

/** Either a known peer (its addresses come from the address book) or addresses where some peer should be. */
export type DialTarget = { readonly peer: NodeId } | { readonly addresses: readonly string[] };

export type NetworkEvent =
  | { readonly kind: "connected"; readonly peer: NodeId; readonly addresses: readonly string[] }
  /** The last connection to this peer has closed, for whatever reason. */
  | { readonly kind: "disconnected"; readonly peer: NodeId }
  /** The addresses at which this peer can be reached have changed. */
  | { readonly kind: "addresses-changed"; readonly addresses: readonly string[] };

export interface RequestOptions {
  /** The whole exchange, the dial included, ends within this time. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface IncomingRequest {
  /** Proven by the handshake. */
  readonly from: NodeId;
  readonly payload: Uint8Array;
  /** Aborts at the caller's deadline or when the connection is lost. */
  readonly signal: AbortSignal;
}

/**
 * Answers requests of one method. A MeshError that it throws reaches the caller as it is; any other error
 * becomes INTERNAL there and is logged here.
 */
export type RequestHandler = (request: IncomingRequest) => Promise<Uint8Array>;

export interface ConnectionStatus {
  readonly peer: NodeId;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly roundTripMs: number | null;
  /** Wall clock, ms since 1970. */
  readonly openedAtMs: number;
}

export interface NetworkStatus {
  /** Where this peer can be dialled, as multiaddrs with its id. */
  readonly addresses: readonly string[];
  readonly connections: readonly ConnectionStatus[];
}

/** Port: authenticated connections to other peers, and requests over them. */
export interface Network extends Service {
  /** This peer's own id. */
  readonly self: NodeId;
  /** Connects; says `connected` at once when it is. Never throws for what the network does. */
  dial(target: DialTarget, timeoutMs: number): Promise<DialResult>;
  /** Closes all connections to a peer. */
  disconnect(peer: NodeId): Promise<void>;
  /**
   * Asks one peer, dialling it first when needed.
   *
   * @param method as `membership.probe`
   * @throws MeshError UNAVAILABLE (no connection), DEADLINE_EXCEEDED, UNIMPLEMENTED (no such method there),
   *   RESOURCE_EXHAUSTED (too large, or the peer is overloaded), CANCELLED, or what the handler threw
   */
  request(peer: NodeId, method: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  /** Answers requests of a method; one handler a method. May be called before `start`. */
  handle(method: string, handler: RequestHandler): Unsubscribe;
  observe(listener: (event: NetworkEvent) => void): Unsubscribe;
  status(): NetworkStatus;
}

/** All that other peers can reach on this one: what a proof that each of it refuses strangers has to cover. */
export interface NetworkInventory {
  /** Request methods that have a handler. */
  readonly methods: readonly string[];
  /** Topics of gossip that this peer has joined, as it names them. */
  readonly topics: readonly string[];
  /** Stream protocols that this peer takes part in; none while it is stopped. */
  readonly protocols: readonly string[];
}

export interface GossipMessage {
  /** The author, proven by a signature. */
  readonly from: NodeId;
  readonly payload: Uint8Array;
}

/** Port: messages to all peers; each arrives at most once, most of the time. Own ones do not come back. */
export interface Gossip {
  /**
   * Resolves once handed to the network; having nobody to send to is no error.
   *
   * @throws MeshError RESOURCE_EXHAUSTED when the payload is larger than `MAX_GOSSIP_BYTES`
   */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  /** May be called before the network has started. */
  subscribe(topic: string, listener: (message: GossipMessage) => void): Unsubscribe;
}

/** Larger payloads belong into requests. */
export const MAX_GOSSIP_BYTES = 256 * 1024;
/** Largest request or answer. */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface DiscoveredPeer {
  readonly peer: NodeId;
  readonly addresses: readonly string[];
}

export interface DiscoveryStatus {
  readonly interface: string;
  readonly address: string;
  readonly status: "active" | "failed";
  readonly reason: string;
}

/** Port: peers that announce themselves on the local network. */
export interface Discovery extends Service {
  /** What to announce from now on; nothing is announced before. */
  announce(addresses: readonly string[]): void;
  observe(listener: (peer: DiscoveredPeer) => void): Unsubscribe;
  status(): readonly DiscoveryStatus[];
}
