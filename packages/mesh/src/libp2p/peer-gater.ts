import type { ConnectionGater, PeerId } from "@libp2p/interface";
import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import type { PeerGate } from "../gate/gate.ts";
import { hostOf } from "./dial-plan.ts";

const LOG_PERIOD_MS = 60_000;
/**
 * Connections that one peer may have open to this one, dead ones included that are not noticed yet: a member that
 * opens ever more leaves the others their places.
 */
const MAX_CONNECTIONS_OF_PEER = 8;

interface Components {
  readonly gate: PeerGate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connectionsOf: (peer: PeerId) => number;
  /** Whether whoever dials from there has as many connections as one machine may have. */
  readonly isCrowded: (host: string) => boolean;
}

/**
 * Asks the gate wherever libp2p lets it: before a dial, straight after the handshake has proven who is there and
 * before anything is agreed on, and once more when the connection is ready. Remembers nobody that it turned away.
 */
export function peerGater({ gate, clock, logger, connectionsOf, isCrowded }: Components): ConnectionGater {
  const limiter = new LogLimiter(clock, LOG_PERIOD_MS);
  const denies = (peerId: PeerId) => !gate.allows(peerId.toString());
  const turnsAway = (peerId: PeerId) => {
    const peer = peerId.toString();
    if (gate.allows(peer)) return false;
    limiter.limit("turned away", (suppressed) =>
      logger.info({ peer, suppressed }, "A peer that is not allowed in this mesh was turned away"),
    );
    return true;
  };
  const hasEnough = (peerId: PeerId) => connectionsOf(peerId) >= MAX_CONNECTIONS_OF_PEER;
  return {
    denyDialPeer: denies,
    denyOutboundEncryptedConnection: denies,
    denyOutboundUpgradedConnection: denies,
    denyInboundConnection: ({ remoteAddr }) => isCrowded(hostOf(remoteAddr.toString())),
    denyInboundEncryptedConnection: (peerId) => turnsAway(peerId) || hasEnough(peerId),
    denyInboundUpgradedConnection: (peerId) => denies(peerId) || hasEnough(peerId),
    // libp2p's default refuses private addresses in browsers only, but asks for every address.
    denyDialMultiaddr: () => false,
  };
}
