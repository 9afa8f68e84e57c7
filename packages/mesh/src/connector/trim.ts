import type { NodeId } from "@pi-controller/schema";

export interface OpenConnection {
  readonly peer: NodeId;
  /** Monotonic ms. */
  readonly connectedMs: number;
}

interface Limits {
  /** No more connections than this are kept, neighbours aside. */
  readonly maxConnections: number;
  /** A connection that is not to a neighbour is kept this long: it was opened for a reason. */
  readonly spareLifetimeMs: number;
}

/**
 * Which connections to close. Neighbours stay. So do others as long as they stand in for neighbours that are
 * not to be had: with most of a large roster switched off, the rest must still hang together.
 */
export function connectionsToTrim(
  connections: readonly OpenConnection[],
  neighbours: ReadonlySet<NodeId>,
  limits: Limits,
  nowMs: number,
): NodeId[] {
  const spare = connections.filter(({ peer }) => !neighbours.has(peer));
  const missing = neighbours.size - (connections.length - spare.length);
  const oldestFirst = spare.toSorted((a, b) => a.connectedMs - b.connectedMs);
  const surplus = oldestFirst.slice(Math.max(0, missing));
  const expired = surplus.filter(({ connectedMs }) => nowMs - connectedMs >= limits.spareLifetimeMs);
  const excess = Math.max(0, connections.length - limits.maxConnections - expired.length);
  const kept = oldestFirst.filter((connection) => !expired.includes(connection));
  return [...expired, ...kept.slice(0, excess)].map(({ peer }) => peer);
}
