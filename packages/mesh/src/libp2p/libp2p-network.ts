import type { Connection, PrivateKey, Stream } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import {
  type Clock,
  Emitter,
  type Logger,
  repeat,
  type Timer,
  type Unsubscribe,
} from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { AddressBook } from "../address-book.ts";
import { notAllowed } from "../gate/doorway.ts";
import type { Fence, Introduction, PeerGate } from "../gate/gate.ts";
import { GuardedRequests } from "../gate/guarded-requests.ts";
import type {
  ConnectionStatus,
  DialResult,
  DialTarget,
  Gossip,
  Network,
  NetworkEvent,
  NetworkInventory,
  NetworkStatus,
  RequestHandler,
  RequestOptions,
} from "../network.ts";
import { type Call, RequestHandlers } from "../request-handlers.ts";
import { createNode, type Node, type NodeOptions, protocolPrefix, startNode } from "./create-node.ts";
import { explainDialError } from "./dial-error.ts";
import { hostOf, isLoopback } from "./dial-plan.ts";
import { Dialler } from "./dialler.ts";
import { GossipOverlay } from "./gossip-overlay.ts";
import { KEEP_ALIVE_INTERVAL_MS } from "./keep-alive.ts";
import { Libp2pGossip } from "./libp2p-gossip.ts";
import { peerGater } from "./peer-gater.ts";
import { closeConnection, type PeerLink } from "./peer-link.ts";
import { PeerLinks } from "./peer-links.ts";
import { RequestAnswerer } from "./request-answerer.ts";
import { RequestSender } from "./request-sender.ts";

export interface Libp2pNetworkComponents {
  readonly privateKey: PrivateKey;
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  /** Who may be connected to, ask, and be heard. */
  readonly gate: PeerGate;
  /** What comes first on each connection; without it, connections are used at once. */
  readonly introduction?: Introduction | undefined;
  /** Keys under which all that goes over a connection is enciphered; without it, only Noise does that. */
  readonly fence?: Fence | undefined;
  readonly logger: Logger;
}

/** Ours is one; a second one while a peer opens it anew. */
const MAX_REQUEST_STREAMS = 4;
/** Peers whose malformed frames have been logged; beyond that it starts over. */
const MAX_REMEMBERED_OFFENDERS = 1_000;

interface Running {
  readonly node: Node;
  readonly links: PeerLinks;
  readonly overlay: GossipOverlay;
  readonly dialler: Dialler;
  readonly keepAlive: Timer;
  readonly unsubscribe: Unsubscribe;
}

/** The real network: libp2p over TCP, Noise and Yamux, with one stream protocol for requests. */
class Libp2pNetwork implements Network {
  readonly name = "network";
  readonly self: NodeId;
  readonly #components: Libp2pNetworkComponents;
  readonly #options: NodeOptions;
  readonly #gossip: Libp2pGossip | undefined;
  readonly #protocol: string;
  readonly #handlers: RequestHandlers;
  readonly #requests: GuardedRequests;
  readonly #sender: RequestSender;
  readonly #events: Emitter<NetworkEvent>;
  readonly #offenders = new Set<NodeId>();
  #running: Running | undefined;
  #addresses: readonly string[] = [];

  constructor(
    components: Libp2pNetworkComponents & { gossip?: Libp2pGossip },
    self: NodeId,
    options: NodeOptions,
  ) {
    this.self = self;
    this.#components = components;
    this.#options = options;
    this.#gossip = components.gossip;
    this.#protocol = `/${protocolPrefix(options.meshName)}/request/1`;
    this.#handlers = new RequestHandlers(components);
    this.#requests = new GuardedRequests({ ...components, handlers: this.#handlers });
    this.#sender = new RequestSender({
      clock: components.clock,
      linkTo: (peer) => this.#running?.links.of(peer),
      dial: (peer, timeoutMs) => this.dial({ peer }, timeoutMs),
    });
    this.#events = new Emitter((error) =>
      components.logger.error({ error }, "A listener of the network failed"),
    );
  }

  /** @throws MeshError FAILED_PRECONDITION when it cannot listen; the message names the port */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, gate, logger } = this.#components;
    const { maxConnectionsOfHost = Number.POSITIVE_INFINITY } = this.#options;
    const links = new PeerLinks(this.#components, this.self, this.#protocol, {
      onReady: (link) => overlay.join(link),
      onConnected: (link) => this.#onConnected(link),
      onDisconnected: (peer) => this.#events.emit({ kind: "disconnected", peer }),
      onDuplicateClosed: (kept) => overlay.mendAfterDuplicate(kept),
    });
    const node = await createNode(
      {
        ...this.#components,
        gater: peerGater({
          ...this.#components,
          connectionsOf: (peer) => node.getConnections(peer).length,
          isCrowded: (host) => this.#connectionsFrom(node, host) >= maxConnectionsOfHost,
        }),
        whenOpen: (connection) => links.doorwayOf(connection).whenOpen(),
      },
      { ...this.#options, gossip: this.#gossip !== undefined },
    );
    signal.throwIfAborted();
    const overlay = new GossipOverlay({ ...this.#components, node });
    node.addEventListener("connection:open", ({ detail }) => this.#onConnection(links, detail));
    await node.handle(
      this.#protocol,
      (stream, connection) => this.#onRequestStream(links, stream, connection),
      {
        maxInboundStreams: MAX_REQUEST_STREAMS,
        maxOutboundStreams: MAX_REQUEST_STREAMS,
      },
    );
    await startNode(node, this.#options.listen);
    const keepAlive = repeat(
      clock,
      () => KEEP_ALIVE_INTERVAL_MS,
      () => this.#tick(),
      (error) => logger.error({ error }, "The keep-alive of the network failed"),
    );
    const dialler = new Dialler({ ...this.#components, links, node });
    const unsubscribe = gate.observe(() => this.#cutDisallowed());
    this.#running = { node, links, overlay, dialler, keepAlive, unsubscribe };
    if (node.services.gossipsub !== undefined) this.#gossip?.attach(node.services.gossipsub);
    this.#cutDisallowed();
    this.#noticeAddresses();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.keepAlive.cancel();
    running.unsubscribe();
    running.links.stop();
    this.#gossip?.detach();
    await running.node.stop();
  }

  async dial(target: DialTarget, timeoutMs: number): Promise<DialResult> {
    if (this.#running === undefined) return { outcome: "unreachable", reason: "the network is not started" };
    return this.#running.dialler.dial(target, timeoutMs);
  }

  async disconnect(peer: NodeId): Promise<void> {
    const connections = this.#running?.node.getConnections() ?? [];
    const closing = connections
      .filter(({ remotePeer }) => remotePeer.toString() === peer)
      .map(closeConnection);
    await Promise.all(closing);
  }

  request(peer: NodeId, method: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#sender.request(peer, method, payload, options);
  }

  handle(method: string, handler: RequestHandler): Unsubscribe {
    return this.#handlers.add(method, handler);
  }

  observe(listener: (event: NetworkEvent) => void): Unsubscribe {
    return this.#events.on(listener);
  }

  status(): NetworkStatus {
    const connections = (this.#running?.links.all() ?? []).map(
      (link): ConnectionStatus => ({
        peer: link.peer,
        address: link.address,
        direction: link.connection.direction,
        roundTripMs: link.roundTripMs,
        openedAtMs: link.openedAtMs,
      }),
    );
    return { addresses: this.#running === undefined ? [] : listenAddresses(this.#running.node), connections };
  }

  inventory(): NetworkInventory {
    return {
      methods: this.#handlers.methods(),
      topics: this.#gossip?.topics() ?? [],
      protocols: this.#running?.node.getProtocols() ?? [],
    };
  }

  #onConnection(links: PeerLinks, connection: Connection): void {
    links.open(connection).catch((error: unknown) => {
      const peer = connection.remotePeer.toString();
      const reason = explainDialError(error).reason;
      const address = connection.remoteAddr.toString();
      this.#components.logger.info({ peer, address, reason }, "A connection was closed before it was used");
    });
  }

  #onConnected(link: PeerLink): void {
    const { addressBook } = this.#components;
    if (link.connection.direction === "outbound") addressBook.reached(link.peer, link.address);
    else addressBook.seenAt(link.peer, hostOf(link.address));
    const addresses = link.connection.direction === "outbound" ? [link.address] : [];
    this.#events.emit({ kind: "connected", peer: link.peer, addresses });
  }

  #onRequestStream(links: PeerLinks, stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    const doorway = links.doorwayOf(connection);
    const handle = (call: Call) => this.#requests.answer(call, doorway);
    const answerer = new RequestAnswerer(
      { handle, budget: links.budgetOf(connection), stream },
      peer,
      (error) => this.#onMalformed(peer, error.message),
    );
    answerer.start();
  }

  #onMalformed(peer: NodeId, reason: string): void {
    if (this.#offenders.has(peer)) return;
    if (this.#offenders.size >= MAX_REMEMBERED_OFFENDERS) this.#offenders.clear();
    this.#offenders.add(peer);
    this.#components.logger.warn({ peer, reason }, "A peer sent what is no request; its stream was closed");
  }

  #tick(): void {
    const running = this.#running;
    if (running === undefined) return;
    running.links.tick();
    if (this.#gossip !== undefined) for (const link of running.links.all()) running.overlay.mend(link);
    this.#noticeAddresses();
  }

  #connectionsFrom(node: Node, host: string): number {
    return node.getConnections().filter(({ remoteAddr }) => hostOf(remoteAddr.toString()) === host).length;
  }

  /** At once and without a word: whoever may no longer be here has no say in how his connection ends. */
  #cutDisallowed(): void {
    for (const connection of this.#running?.node.getConnections() ?? []) {
      const peer = connection.remotePeer.toString();
      if (this.#components.gate.allows(peer)) continue;
      this.#components.logger.info(
        { peer },
        "A peer is no longer allowed in this mesh: its connection is cut",
      );
      connection.abort(notAllowed(peer));
    }
  }

  #noticeAddresses(): void {
    if (this.#running === undefined) return;
    const addresses = listenAddresses(this.#running.node);
    if (addresses.join() === this.#addresses.join()) return;
    this.#addresses = addresses;
    this.#events.emit({ kind: "addresses-changed", addresses });
  }
}

/** Loopback last: it is of no use to other machines. */
function listenAddresses(node: Node): readonly string[] {
  const addresses = node.getMultiaddrs().map((address) => address.toString());
  return [
    ...addresses.filter((address) => !isLoopback(address)),
    ...addresses.filter((address) => isLoopback(address)),
  ];
}

/**
 * The network and gossip of one peer over libp2p. Nothing is opened before `network.start`.
 *
 * @param components.privateKey makes the peer's id; see `loadOrCreateIdentity`
 */
export function libp2pNetwork(
  components: Libp2pNetworkComponents,
  options: NodeOptions,
): { readonly network: Network; readonly gossip: Gossip; inventory(): NetworkInventory } {
  const self = peerIdFromPrivateKey(components.privateKey).toString();
  const gossip = new Libp2pGossip(components, self, options.meshName);
  const network = new Libp2pNetwork({ ...components, gossip }, self, options);
  return { network, gossip, inventory: () => network.inventory() };
}

/**
 * A network of one peer that speaks one protocol of requests and nothing else, neither gossip nor what libp2p
 * has for finding out about others: for peers that do not know each other yet. Nothing is opened before
 * `network.start`.
 */
export function libp2pRequests(
  components: Libp2pNetworkComponents,
  options: NodeOptions,
): { readonly network: Network; inventory(): NetworkInventory } {
  const self = peerIdFromPrivateKey(components.privateKey).toString();
  const network = new Libp2pNetwork(components, self, options);
  return { network, inventory: () => network.inventory() };
}
