import type { ConnectionGater, PeerId } from "@libp2p/interface";
import { type Clock, type Logger, LogLimiter } from "@pi-controller/runtime";
import type { PeerGate } from "../gate/gate.ts";

const LOG_PERIOD_MS = 60_000;

/**
 * Asks the gate wherever libp2p lets it: before a dial, straight after the handshake has proven who is there and
 * before anything is agreed on, and once more when the connection is ready. Remembers nobody that it turned away.
 */
export function peerGater(components: { gate: PeerGate; clock: Clock; logger: Logger }): ConnectionGater {
  const { gate, clock, logger } = components;
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
  return {
    denyDialPeer: denies,
    denyOutboundEncryptedConnection: denies,
    denyOutboundUpgradedConnection: denies,
    denyInboundEncryptedConnection: turnsAway,
    denyInboundUpgradedConnection: denies,
    // libp2p's default refuses private addresses in browsers only, but asks for every address.
    denyDialMultiaddr: () => false,
  };
}
