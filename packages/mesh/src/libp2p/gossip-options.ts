import type { GossipsubOpts } from "@libp2p/gossipsub";
import { MAX_GOSSIP_BYTES } from "../network.ts";

/** Largest frame of gossip: several messages that a peer missed may come in one. */
const MAX_FRAME_BYTES = 4 * MAX_GOSSIP_BYTES + 64 * 1024;

/** How gossip is tuned: every difference to the defaults of gossipsub, with its reason. */
export const gossipOptions: Partial<GossipsubOpts> = {
  globalSignaturePolicy: "StrictSign",
  // Its peers do not exist here.
  fallbackToFloodsub: false,
  allowPublishToZeroTopicPeers: true,
  // A message goes to all connected peers at once: in a mesh of up to 32 that is everybody, in one hop.
  floodPublish: true,
  // What the mesh missed is offered at the heartbeat: this bounds how late a message can come.
  heartbeatInterval: 700,
  // As the author tells all it is connected to, fewer need to pass a message on: every copy costs a small
  // machine a decryption and a write. What is lost by that is offered at the heartbeats.
  D: 4,
  Dlo: 3,
  Dhi: 6,
  Dscore: 2,
  Dout: 1,
  // Offers to few, twice, instead of to many three times: they were most of the packets.
  Dlazy: 2,
  gossipFactor: 0.1,
  mcacheGossip: 2,
  // A peer that leaves and comes back is taken into the mesh again within seconds, not after a minute.
  pruneBackoff: 5_000,
  tagMeshPeers: false,
  maxInboundDataLength: MAX_FRAME_BYTES,
  // A peer that does not read for so long loses its stream, not our memory; it is opened anew.
  maxOutboundBufferSize: 4 * MAX_FRAME_BYTES,
  maxInboundStreams: 4,
  maxOutboundStreams: 4,
  scoreParams: {
    // Many peers of one host are legitimate: with the default weight everything they say is dropped silently.
    IPColocationFactorWeight: 0,
    // A busy Pi that does not keep a promise to send in time is not an attacker.
    behaviourPenaltyWeight: 0,
  },
};
