export { AddressBook } from "./address-book.ts";
export {
  Membership,
  type MembershipChange,
  type MembershipTiming,
  type MemberView,
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
  type NetworkStatus,
  type RequestHandler,
  type RequestOptions,
} from "./network.ts";
