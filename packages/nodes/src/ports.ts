import type { Membership, MembershipChange, MemberView } from "@pi-controller/mesh";
import type { Unsubscribe } from "@pi-controller/runtime";
import type { NodeId, NodeRecord } from "@pi-controller/schema";
import type { Events, MetricsExchange } from "@pi-controller/telemetry";

export type { MembershipChange, MemberView };

/** Who belongs to the mesh, as whoever provides this has verified it; what the documents say is no proof. */
export interface MembersPort {
  has(id: NodeId): boolean;
  all(): readonly NodeId[];
  observe(listener: () => void): Unsubscribe;
}

/**
 * Whether an entry of the roster is shown and acted on: any member may write one, and a peer's means nothing unless
 * it was admitted.
 */
export function isListed({ id, kind }: NodeRecord, members: Pick<MembersPort, "has">): boolean {
  return kind === "manual" || members.has(id);
}

/** What this package needs of membership. */
export type MembershipPort = Pick<
  Membership,
  "member" | "members" | "setRoster" | "forget" | "observe" | "localHealth"
>;

/** What this package needs of the metrics that nodes tell each other. */
export type MetricsPort = Pick<MetricsExchange, "last" | "history" | "forget" | "staleAfterMs">;

/** What this package needs to tell what happened. */
export type EventsPort = Pick<Events, "emit">;
