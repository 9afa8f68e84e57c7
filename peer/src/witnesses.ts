import type { MembershipState, NodeId } from "@pi-controller/schema";
import type { Witness } from "@pi-controller/security";

export interface WitnessFacts {
  readonly self: NodeId;
  readonly members: Iterable<NodeId>;
  /** Peers that this one has a connection to. */
  readonly connected: readonly NodeId[];
  readonly stateOf: (node: NodeId) => MembershipState | undefined;
  /** Where a member said that its API answers, when it was heard last. */
  readonly apiUrlsOf: (node: NodeId) => readonly string[];
  /** APIs of the peers that this one was told to join. */
  readonly joinOrigins: readonly string[];
}

/**
 * Pure: whom a peer asks whether it was revoked. In a large mesh it is connected to some members only: the others are in
 * reach as long as membership says that they live, unless there is nobody left whom membership could have it from.
 */
export function witnessesOf(facts: WitnessFacts): readonly Witness[] {
  const { apiUrlsOf, joinOrigins, members, self, stateOf } = facts;
  const connected = new Set(facts.connected);
  const isAlone = connected.size === 0;
  const lost = [...members].filter(
    (node) => node !== self && !connected.has(node) && (isAlone || stateOf(node) !== "alive"),
  );
  const witnesses = lost.map((node) => ({ id: node, origins: apiUrlsOf(node) }));
  // Their addresses may have changed while this node was off: it asks where it was told to look for them, too.
  if (!isAlone || lost.length === 0) return witnesses;
  return [...witnesses, ...joinOrigins.map((origin) => ({ id: origin, origins: [origin] }))];
}
