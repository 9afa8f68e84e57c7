import type { MembershipState, NodeId } from "@pi-controller/schema";

/** What this peer believes of one member. */
export interface MemberView {
  readonly id: NodeId;
  readonly state: MembershipState;
  /** When it came to believe so: wall clock, ms since 1970. */
  readonly sinceMs: number;
  readonly incarnation: number;
  readonly bootEpoch: number;
  /** Last sign of life: wall clock, ms since 1970; null when there was none since this peer started. */
  readonly lastHeardMs: number | null;
  /** The same on the monotonic clock, for ages. */
  readonly lastHeardMonotonicMs: number | null;
}

export interface MembershipChange {
  readonly id: NodeId;
  readonly previous: MembershipState;
  readonly member: MemberView;
  /** Why, as a phrase for logs and people. */
  readonly reason: string;
}
