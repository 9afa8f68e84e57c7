import type { Connection, IdentifyResult, PrivateKey, Stream } from "@libp2p/interface";
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
import type {
  ConnectionStatus,
  DialResult,
  DialTarget,
  Gossip,
  Network,
  NetworkEvent,
  NetworkStatus,
  RequestHandler,
  RequestOptions,
} from "../network.ts";
import { cancelled, checkRequest, notConnected, tooLate } from "../request-calls.ts";
import { RequestHandlers } from "../request-handlers.ts";
import { createNode, type Node, type NodeOptions, protocolPrefix, startNode } from "./create-node.ts";
import { explainDialError } from "./dial-error.ts";
import { hostOf, isLoopback, withoutPeerId } from "./dial-plan.ts";
import { Dialler } from "./dialler.ts";
import { KEEP_ALIVE_INTERVAL_MS } from "./keep-alive.ts";
import { Libp2pGossip } from "./libp2p-gossip.ts";
import type { PeerLink } from "./peer-link.ts";
import { PeerLinks } from "./peer-links.ts";
import { RequestAnswerer } from "./request-answerer.ts";

interface Components {
  readonly privateKey: PrivateKey;
  readonly addressBook: AddressBook;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Ours is one; a second one while a peer opens it anew. */
const MAX_REQUEST_STREAMS = 4;
const DISCONNECT_TIMEOUT_MS = 1_000;
const MEND_AGAIN_MS = 1_000;
/** Peers whose malformed frames have been logged; beyond that it starts over. */
const MAX_REMEMBERED_OFFENDERS = 1_000;

interface Running {
  readonly node: Node;
  readonly links: PeerLinks;
  readonly dialler: Dialler;
  readonly keepAlive: Timer;
}

/** The real network: libp2p over TCP, Noise and Yamux, with one stream protocol for requests. */
class Libp2pNetwork implements Network {
  readonly name = "network";
  readonly self: NodeId;
  readonly #components: Components;
  readonly #options: NodeOptions;
  readonly #gossip: Libp2pGossip;
  readonly #protocol: string;
  readonly #handlers: RequestHandlers;
  readonly #events: Emitter<NetworkEvent>;
  readonly #offenders = new Set<NodeId>();
  #running: Running | undefined;
  #addresses: readonly string[] = [];

  constructor(components: Components & { gossip: Libp2pGossip }, self: NodeId, options: NodeOptions) {
    this.self = self;
    this.#components = components;
    this.#options = options;
    this.#gossip = components.gossip;
    this.#protocol = `/${protocolPrefix(options.meshName)}/request/1`;
    this.#handlers = new RequestHandlers(components);
    this.#events = new Emitter((error) =>
      components.logger.error({ error }, "A listener of the network failed"),
    );
  }

  /** @throws MeshError FAILED_PRECONDITION when it cannot listen; the message names the port */
  async start(signal: AbortSignal): Promise<void> {
    const { addressBook, clock, logger, privateKey } = this.#components;
    const node = await createNode(privateKey, this.#options);
    signal.throwIfAborted();
    const links = new PeerLinks({ clock, logger }, this.self, this.#protocol, {
      onConnected: (link) => this.#onConnected(link),
      onDisconnected: (peer) => this.#events.emit({ kind: "disconnected", peer }),
      onDuplicateClosed: (kept) => {
        this.#mendGossip(kept);
        // Its stream may only be about to close with the other connection: look again.
        clock.setTimer(() => kept.open && this.#mendGossip(kept), MEND_AGAIN_MS);
      },
    });
    node.addEventListener("connection:open", ({ detail }) => this.#onConnection(links, detail));
    node.addEventListener("peer:identify", ({ detail }) => this.#onIdentify(detail));
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
    this.#running = { node, links, dialler: new Dialler({ addressBook, clock, links, node }), keepAlive };
    this.#gossip.attach(node);
    this.#noticeAddresses();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.keepAlive.cancel();
    running.links.stop();
    this.#gossip.detach();
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

  async request(
    peer: NodeId,
    method: string,
    payload: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    checkRequest(method, payload, options.signal);
    const startedMs = this.#components.clock.monotonic();
    const link = await this.#linkTo(peer, method, options);
    const caller = await link.caller().catch((error: unknown) => {
      throw notConnected(peer, explainDialError(error).reason);
    });
    if (options.signal?.aborted) throw cancelled(method);
    const timeoutMs = options.timeoutMs - (this.#components.clock.monotonic() - startedMs);
    if (timeoutMs <= 0) throw tooLate(method, options.timeoutMs);
    return caller.request(method, payload, { ...options, timeoutMs });
  }

  async #linkTo(peer: NodeId, method: string, options: RequestOptions): Promise<PeerLink> {
    const known = this.#running?.links.of(peer);
    if (known !== undefined) return known;
    const dialled = await this.dial({ peer }, options.timeoutMs);
    if (options.signal?.aborted) throw cancelled(method);
    const link = this.#running?.links.of(peer);
    if (link === undefined) throw notConnected(peer, dialled.reason ?? "it was lost at once");
    return link;
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

  #onConnection(links: PeerLinks, connection: Connection): void {
    links.open(connection).catch((error: unknown) => {
      const peer = connection.remotePeer.toString();
      const reason = explainDialError(error).reason;
      const address = connection.remoteAddr.toString();
      this.#components.logger.info({ peer, address, reason }, "A peer connected that is not of this mesh");
    });
  }

  #onConnected(link: PeerLink): void {
    const { addressBook } = this.#components;
    if (link.connection.direction === "outbound") addressBook.reached(link.peer, link.address);
    else addressBook.seenAt(link.peer, hostOf(link.address));
    const addresses = link.connection.direction === "outbound" ? [link.address] : [];
    this.#events.emit({ kind: "connected", peer: link.peer, addresses });
  }

  /** What a peer says of its own addresses is a claim; it costs no more than dials that fail. */
  #onIdentify({ peerId, listenAddrs }: IdentifyResult): void {
    const addresses = listenAddrs.map((address) => withoutPeerId(address.toString()));
    this.#components.addressBook.add(peerId.toString(), addresses);
  }

  #onRequestStream(links: PeerLinks, stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    const answerer = new RequestAnswerer(
      { handlers: this.#handlers, budget: links.budgetOf(connection), stream },
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
    for (const link of running.links.all()) {
      if (link.open && !hasGossipStream(link.connection)) this.#mendGossip(link);
    }
    this.#noticeAddresses();
  }

  /**
   * gossipsub opens its stream once, after identify; when that closes while another connection to the peer
   * stays, it never opens a second one. Another identify makes it do so.
   */
  #mendGossip(link: PeerLink): void {
    if (hasGossipStream(link.connection)) return;
    this.#running?.node.services.identify.identify(link.connection).catch((error: unknown) => {
      this.#components.logger.debug(
        { peer: link.peer, error },
        "Gossip with a peer could not be taken up again",
      );
    });
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

/** In good order when the other side takes part, at once when it does not. */
async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(DISCONNECT_TIMEOUT_MS) });
  } catch (error) {
    connection.abort(error instanceof Error ? error : new Error(String(error)));
  }
}

function hasGossipStream(connection: Connection): boolean {
  return connection.streams.some(
    ({ direction, protocol }) => direction === "outbound" && protocol.startsWith("/meshsub/"),
  );
}

/**
 * The network and gossip of one peer over libp2p. Nothing is opened before `network.start`.
 *
 * @param components.privateKey makes the peer's id; see `loadOrCreateIdentity`
 */
export function libp2pNetwork(
  components: Components,
  options: NodeOptions,
): { readonly network: Network; readonly gossip: Gossip } {
  const self = peerIdFromPrivateKey(components.privateKey).toString();
  const gossip = new Libp2pGossip(components, self, options.meshName);
  return { network: new Libp2pNetwork({ ...components, gossip }, self, options), gossip };
}
