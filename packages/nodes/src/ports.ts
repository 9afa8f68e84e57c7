import type { Membership, MembershipChange, MemberView } from "@pi-controller/mesh";
import type { Events, MetricsExchange } from "@pi-controller/telemetry";

export type { MembershipChange, MemberView };

/** What this package needs of membership. */
export type MembershipPort = Pick<
  Membership,
  "member" | "members" | "setRoster" | "forget" | "observe" | "localHealth"
>;

/** What this package needs of the metrics that nodes tell each other. */
export type MetricsPort = Pick<MetricsExchange, "last" | "history" | "forget" | "staleAfterMs">;

/** What this package needs to tell what happened. */
export type EventsPort = Pick<Events, "emit">;
