import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import type { Connection, ConnectionGater, Libp2p, PrivateKey } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import type { Clock, Logger } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import { createLibp2p } from "libp2p";
import type { Fence } from "../gate/gate.ts";
import { FenceProtector } from "./fence/fence-protector.ts";
import { gossipOptions } from "./gossip-options.ts";
import { holdStreams } from "./held-streams.ts";
import { silentLibp2pLogger } from "./silent-libp2p-logger.ts";
import { guardedYamux } from "./yamux-guard.ts";

export interface NodeOptions {
  /** Multiaddrs, as `/ip4/0.0.0.0/tcp/4101`; none for a peer that only dials. */
  readonly listen: readonly string[];
  /** Part of the names of all protocols: peers that use another one are not connected to. */
  readonly meshName: string;
  /** No more inbound connections than this. */
  readonly maxConnections: number;
  /** No more of them than this from one machine; no such limit when left out, as peers may share one. */
  readonly maxConnectionsOfHost?: number;
}

interface NodeComponents {
  readonly privateKey: PrivateKey;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gater: ConnectionGater;
  readonly fence?: Fence | undefined;
  /** Resolves when a connection may carry more than requests, which are let in one by one. */
  readonly whenOpen: (connection: Connection) => Promise<void>;
}

/** What a node speaks beside requests: nothing, or gossip and what gossip needs to know of other peers. */
export type Services = { identify?: Identify; gossipsub?: GossipSub };
export type Node = Libp2p<Services>;

/** How long a stranger may take for the handshake; a machine on the LAN needs milliseconds, a busy Pi a second. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** Many peers behind one address are legitimate (simulated ones, and after a power cut all dial at once). */
const INBOUND_CONNECTIONS_PER_SECOND = 200;
/** Handshakes under way: enough that a few strangers who never finish theirs do not keep others out. */
const MAX_PENDING_INBOUND = 256;
/** Ours are two request streams, two of gossip and now and then one of identify. */
const MAX_STREAMS_PER_CONNECTION = 32;
const STREAM_WINDOW_BYTES = 256 * 1024;
const STREAM_BUFFER_BYTES = 1024 * 1024;

/** A libp2p node that has not started. It speaks what is handled on it later, and gossip when that is asked for. */
export function createNode(
  { privateKey, clock, logger, gater, fence, whenOpen }: NodeComponents,
  options: NodeOptions & { readonly gossip: boolean },
): Promise<Node> {
  return createLibp2p<Services>({
    privateKey,
    start: false,
    logger: silentLibp2pLogger,
    connectionGater: gater,
    ...(fence === undefined
      ? {}
      : { connectionProtector: () => new FenceProtector({ fence, clock, logger }) }),
    addresses: { listen: [...options.listen] },
    transports: [tcp({ maxConnections: options.maxConnections + MAX_PENDING_INBOUND })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      guardedYamux(STREAM_WINDOW_BYTES, {
        // The request protocol has its own, which also ends connections that are dead.
        enableKeepAlive: false,
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
        streamOptions: {
          initialStreamWindowSize: STREAM_WINDOW_BYTES,
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
          maxReadBufferLength: STREAM_BUFFER_BYTES,
        },
      }),
    ],
    connectionManager: {
      maxConnections: options.maxConnections,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      inboundConnectionThreshold: INBOUND_CONNECTIONS_PER_SECOND,
      inboundUpgradeTimeout: HANDSHAKE_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: HANDSHAKE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: HANDSHAKE_TIMEOUT_MS,
      // The connector redials; libp2p's own attempts would come on top.
      reconnectRetries: 0,
      // In the order given: the dial plan knows better which address is likely.
      addressSorter: () => 0,
    },
    // It aborts connections of a process that is short of CPU. Membership finds out who is gone.
    connectionMonitor: { enabled: false },
    services: options.gossip
      ? {
          identify: (components) =>
            identify({
              protocolPrefix: protocolPrefix(options.meshName),
              // Run by the gossip overlay, when a connection has been introduced.
              runOnConnectionOpen: false,
            })(holdStreams(components, whenOpen)),
          gossipsub: (components) => gossipsub(gossipOptions)(holdStreams(components, whenOpen)),
        }
      : {},
  });
}

/** What the names of all protocols and topics of a mesh begin with, without a slash. */
export function protocolPrefix(meshName: string): string {
  return `pi-controller/${meshName}`;
}

/**
 * Starts a node.
 *
 * @throws MeshError FAILED_PRECONDITION when it cannot listen where it should; names the port in use
 */
export async function startNode(node: Node, listen: readonly string[]): Promise<void> {
  try {
    await node.start();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new MeshError("FAILED_PRECONDITION", explainListenError(message, listen), {}, { cause: error });
  }
}

function explainListenError(message: string, listen: readonly string[]): string {
  const inUse = /EADDRINUSE[^\n]*?(\S+):(\d+)/.exec(message);
  if (inUse !== null) return `The mesh port ${inUse[2]} on ${inUse[1]} is in use by another process`;
  const denied = /EACCES[^\n]*?:(\d+)/.exec(message);
  if (denied !== null) return `The mesh port ${denied[1]} may not be opened by this user`;
  const missing = /EADDRNOTAVAIL[^\n]*?(\S+):(\d+)/.exec(message);
  if (missing !== null) return `The address ${missing[1]} to listen on is not one of this machine`;
  return `Cannot listen on ${listen.join(", ")}: ${message}`;
}
