export { AddressBook } from "./address-book.ts";
export { Connector } from "./connector/connector.ts";
export { type LookUpHost, lookUpHost } from "./connector/join-loop.ts";
export {
  addressesOf,
  DEFAULT_MESH_PORT,
  type JoinTarget,
  parseJoinTarget,
} from "./connector/join-target.ts";
export { neighbours } from "./connector/neighbours.ts";
export { DirectGossip } from "./direct-gossip.ts";
export { discoveryTag } from "./discovery/discovery-tag.ts";
export { type Mdns, mdns } from "./discovery/mdns.ts";
export { type MdnsDiscovery, mdnsDiscovery } from "./discovery/mdns-discovery.ts";
export type {
  PendingAnnouncer,
  PendingChange,
  PendingDiscovery,
  PendingPeer,
} from "./discovery/pending.ts";
export { pendingAnnouncer } from "./discovery/pending-announcer.ts";
export { pendingDiscovery } from "./discovery/pending-discovery.ts";
export { type Fence, type Introduction, openGate, type PeerGate } from "./gate/gate.ts";
export { decodeJson, encodeJson } from "./json-payload.ts";
export {
  Membership,
  type MembershipChange,
  type MembershipTiming,
  type MemberView,
  type SelfReportSigner,
} from "./membership/index.ts";
export {
  type ConnectionStatus,
  type DialOutcome,
  type DialResult,
  type DialTarget,
  type DiscoveredPeer,
  type Discovery,
  type DiscoveryStatus,
  type Gossip,
  type GossipMessage,
  type IncomingRequest,
  MAX_GOSSIP_BYTES,
  MAX_REQUEST_BYTES,
  type Network,
  type NetworkEvent,
  type NetworkInventory,
  type NetworkStatus,
  type RequestHandler,
  type RequestOptions,
} from "./network.ts";
