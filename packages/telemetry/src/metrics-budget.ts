/**
 * How often, and how much, so that metrics stay within bounds in a mesh of any size.
 *
 * Traffic. A message about one sample is at most 400 bytes on the wire: 150 to 200 of payload, about 150 of
 * gossipsub (author, sequence number, topic, Ed25519 signature), about 50 of Noise, Yamux and TCP. Gossipsub
 * sends every message over each of the links of its overlay, in one direction or in both: with a degree of
 * 8 a peer receives it at most 8 times and, everybody being equal, sends it as often on average; since a
 * peer does not send a message back to where it came from, 6 each way is what is to be reckoned with, 12
 * both ways together. With N peers that publish every T seconds a peer therefore carries at most
 *
 *     N / T x 400 bytes x 12
 *
 * in both directions together. Kept under 20 kB/s that is T = 0.24 s x N: 2 s up to 8 peers, 24 s at 100,
 * 240 s at 1,000, and always 20 kB/s at most. One message then stands for all samples since the last
 * (a digest), and alarms do not wait for it: they are events.
 */
export const MESSAGE_BYTES = 400;
export const COPIES_BOTH_WAYS = 12;
export const BUDGET_BYTES_PER_SECOND = 20_000;
/** Nobody looks more often than this. */
export const MIN_INTERVAL_MS = 2_000;

/**
 * How long a peer waits between two messages about itself.
 *
 * @param memberCount peers in the mesh, this one included
 */
export function publishIntervalMs(memberCount: number): number {
  const seconds = (Math.max(memberCount, 1) * MESSAGE_BYTES * COPIES_BOTH_WAYS) / BUDGET_BYTES_PER_SECOND;
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
