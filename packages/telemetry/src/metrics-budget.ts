/**
 * How often, and how much, so that metrics stay within bounds in a mesh of any size.
 *
 * Traffic. Every peer hears of every other, so what a peer carries is the rate of messages in the whole
 * mesh times what one message costs each peer. In a full mesh, of up to 32 peers, a message goes straight to
 * each; in a larger one it is gossiped, where every peer gets and passes on several copies, with author and
 * signature. And every packet has Noise, Yamux, TCP and an acknowledgement around its 180 bytes. Measured
 * over libp2p on the loopback interface, with headers, sent and received together, for each peer: straight
 * 1.2 kB a message at 3 peers, 1.7 at 12, 1.1 at 32; gossiped 2.0 kB at 3, 4.4 at 5, 7.6 at 12, 7.9 at 24,
 * 10.2 at 32, where it levels off, as connections are bounded.
 *
 * What may be spent: 30 kB/s a peer while all are connected to all, 20 kB/s beyond. With N peers that gives
 * an interval of
 *
 *     N x cost / budget:  2 s up to 32 peers, 18 s at 33, 55 s at 100, 9 min at 1,000.
 *
 * One message then stands for all samples since the last (a digest), and alarms do not wait for it: they
 * are events.
 */
const FULL_MESH = 32;
const BYTES_PER_DIRECT_MESSAGE = 1_700;
const BYTES_PER_GOSSIPED_MESSAGE = 10_500;
const BUDGET_OF_FULL_MESH = 30_000;
/** Bytes a second that metrics cost a peer in a larger mesh, sent and received together. */
export const BUDGET_OF_LARGE_MESH = 20_000;
/** Largest payload that the costs above were measured with, about. */
export const PAYLOAD_BYTES = 200;
/** Nobody looks more often than this. */
export const MIN_INTERVAL_MS = 2_000;

/** What one message of one peer costs each peer of the mesh, in bytes sent and received. */
export function bytesPerMessage(memberCount: number): number {
  return memberCount <= FULL_MESH ? BYTES_PER_DIRECT_MESSAGE : BYTES_PER_GOSSIPED_MESSAGE;
}

/** What metrics may cost a peer, in bytes a second sent and received. */
export function budgetBytesPerSecond(memberCount: number): number {
  return memberCount <= FULL_MESH ? BUDGET_OF_FULL_MESH : BUDGET_OF_LARGE_MESH;
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
