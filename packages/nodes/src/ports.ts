import type { Unsubscribe } from "@pi-controller/runtime";
import type { EventData, EventType, MembershipState, MetricsSample, NodeId } from "@pi-controller/schema";

/** What this package needs of membership; the mesh package's `Membership` is one. */
export interface MembershipPort {
  members(): ReadonlyMap<NodeId, MemberView>;
  setRoster(ids: readonly NodeId[]): void;
  observe(listener: (change: MemberChange) => void): Unsubscribe;
  localHealth(): number;
}

export interface MemberView {
  readonly id: NodeId;
  readonly state: MembershipState;
  /** Wall clock in ms. */
  readonly sinceMs: number;
  readonly incarnation: number;
  readonly bootEpoch: number;
  /** Wall clock in ms of the last sign of life; null when there never was one. */
  readonly lastHeardMs: number | null;
}

export interface MemberChange {
  readonly id: NodeId;
  readonly previous: MembershipState;
  readonly member: MemberView;
  readonly reason: string;
}

/** What this package needs of the metrics that nodes tell each other. */
export interface MetricsPort {
  last(id: NodeId): { readonly sample: MetricsSample; readonly receivedAtMonotonicMs: number } | undefined;
  history(id: NodeId, query: { readonly sinceMs?: number; readonly limit: number }): readonly MetricsSample[];
  forget(id: NodeId): void;
  /** A sample older than this no longer stands for now. */
  staleAfterMs(): number;
}

/** What this package needs of the event log: telling what happened. */
export interface EventsPort {
  emit<Type extends EventType>(
    type: Type,
    event: { readonly node: NodeId; readonly data: EventData<Type>; readonly correlationId?: string },
  ): void;
}
