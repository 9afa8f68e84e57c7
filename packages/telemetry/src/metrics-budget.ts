/**
 * How often, and how much, so that metrics stay within bounds in a mesh of any size.
 *
 * Traffic. Every peer hears of every other, so what a peer carries is the rate of messages in the whole
 * mesh times what one message costs each peer. That is far more than its 180 bytes: gossipsub sends it over
 * nearly every link of its overlay (degree 8 to 12) and from the author to all who are connected, offers its
 * id to 8 more peers at three heartbeats, adds 170 bytes of author and signature, and every packet has
 * Noise, Yamux, TCP and an acknowledgement around it. Measured over libp2p on the loopback interface, with
 * headers, sent and received together: 1.9 kB a message at each of 3 peers, 4.3 at 5, 8.6 at 8, 16 at 12,
 * 24 at 24, 25 at 40 peers. So 1.4 kB for each other peer, and 26 kB at most, as connections are bounded.
 *
 * What may be spent: 100 kB/s a peer (under 1 % of its Ethernet) in meshes of up to 32, less in larger ones,
 * 20 kB/s from 160 peers on. With N peers that gives an interval of
 *
 *     N x cost / budget:  2 s up to 12 peers, 6 s at 24, 8 s at 32, 81 s at 100, 22 min at 1,000.
 *
 * One message then stands for all samples since the last (a digest), and alarms do not wait for it: they
 * are events.
 */
const BYTES_PER_OTHER_PEER = 1_400;
const MAX_BYTES_PER_MESSAGE = 26_000;
const BUDGET_OF_SMALL_MESH = 100_000;
const SMALL_MESH = 32;
/** Bytes a second that metrics cost a peer in a mesh of 1,000, sent and received together. */
export const BUDGET_OF_LARGE_MESH = 20_000;
/** Largest payload that the costs above were measured with, about. */
export const PAYLOAD_BYTES = 200;
/** Nobody looks more often than this. */
export const MIN_INTERVAL_MS = 2_000;

/** What one message of one peer costs each peer of the mesh, in bytes sent and received. */
export function bytesPerMessage(memberCount: number): number {
  return Math.min((memberCount - 1) * BYTES_PER_OTHER_PEER, MAX_BYTES_PER_MESSAGE);
}

/** What metrics may cost a peer, in bytes a second sent and received. */
export function budgetBytesPerSecond(memberCount: number): number {
  const share = (BUDGET_OF_SMALL_MESH * SMALL_MESH) / Math.max(memberCount, SMALL_MESH);
  return Math.max(share, BUDGET_OF_LARGE_MESH);
}

/**
 * How long a peer waits between two messages about itself.
 *
 * @param memberCount peers in the mesh, this one included
 */
export function publishIntervalMs(memberCount: number): number {
  const members = Math.max(memberCount, 1);
  const seconds = (members * bytesPerMessage(members)) / budgetBytesPerSecond(members);
  return Math.max(MIN_INTERVAL_MS, seconds * 1_000);
}

/**
 * Age from which a value no longer stands for now: three messages are missing.
 *
 * @param memberCount peers in the mesh, this one included
 */
export function staleAfterMs(memberCount: number): number {
  return 3.5 * publishIntervalMs(memberCount);
}

/** Points of all nodes together: about 300 bytes each in memory, so 4 MB. */
const TOTAL_POINTS = 12_000;
const MAX_POINTS_PER_NODE = 720;
const MIN_POINTS_PER_NODE = 6;

/** How many points of its history each node gets: fewer, the more nodes there are. */
export function pointsPerNode(nodeCount: number): number {
  const share = Math.floor(TOTAL_POINTS / Math.max(nodeCount, 1));
  return Math.min(Math.max(share, MIN_POINTS_PER_NODE), MAX_POINTS_PER_NODE);
}

/** Nodes that are remembered at all: with the least history each, still within all points. */
export const MAX_NODES = TOTAL_POINTS / MIN_POINTS_PER_NODE;
