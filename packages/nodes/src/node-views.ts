import type { Documents } from "@pi-controller/document";
import type { Network } from "@pi-controller/mesh";
import type { Clock } from "@pi-controller/runtime";
import {
  type Heard,
  type Membership,
  type MetricsSample,
  type NodeId,
  type NodeRecord,
  type NodeView,
  type RemoteValue,
  remoteValue,
} from "@pi-controller/schema";
import { announcementsCollection, boardsCollection, nodesCollection } from "./collections.ts";
import {
  isListed,
  type MembershipPort,
  type MembersPort,
  type MemberView,
  type MetricsPort,
} from "./ports.ts";

export interface NodeViewsComponents {
  readonly network: Pick<Network, "self">;
  readonly documents: Pick<Documents, "mesh" | "node">;
  readonly members: Pick<MembersPort, "has">;
  readonly membership: Pick<MembershipPort, "member">;
  readonly metrics: Pick<MetricsPort, "last" | "staleAfterMs">;
  readonly clock: Clock;
}

/** Puts together what is known of a node: agreed in the documents, measured by gossip, believed by membership. */
export class NodeViews {
  readonly #components: NodeViewsComponents;

  constructor(components: NodeViewsComponents) {
    this.#components = components;
  }

  all(): NodeView[] {
    const { documents, members } = this.#components;
    const records = documents.mesh.collection(nodesCollection).all();
    return records.filter((record) => isListed(record, members)).map((record) => this.view(record));
  }

  view(record: NodeRecord): NodeView {
    const { network, documents, membership } = this.#components;
    const announcement = documents.mesh.collection(announcementsCollection).get(record.id);
    const board = documents.node(record.id).collection(boardsCollection).get(record.id);
    const member = membership.member(record.id);
    return {
      ...record,
      self: record.id === network.self,
      membership: membershipOf(member),
      lastSeen: this.#lastSeen(record.id, member),
      addresses: [...(announcement?.addresses ?? [])],
      apiUrls: [...(announcement?.apiUrls ?? [])],
      version: announcement?.version ?? null,
      board: board?.board ?? null,
      metrics: this.metrics(record.id),
    };
  }

  metrics(id: NodeId): RemoteValue<MetricsSample> {
    const { membership, metrics } = this.#components;
    const state = membership.member(id)?.state ?? "unknown";
    return remoteValue(this.#heard(id), state, metrics.staleAfterMs());
  }

  #heard(id: NodeId): Heard<MetricsSample> | undefined {
    const { metrics, clock } = this.#components;
    const last = metrics.last(id);
    if (last === undefined) return undefined;
    return {
      value: last.sample,
      asOf: last.sample.time,
      ageMs: Math.max(0, Math.round(clock.monotonic() - last.receivedAtMs)),
    };
  }

  #lastSeen(id: NodeId, member: MemberView | undefined): string | null {
    const { network, clock } = this.#components;
    const lastHeardMs = id === network.self ? clock.now() : (member?.lastHeardMs ?? null);
    return lastHeardMs === null ? null : new Date(lastHeardMs).toISOString();
  }
}

function membershipOf(member: MemberView | undefined): Membership {
  if (member === undefined) return { state: "unknown", since: null, incarnation: 0, bootEpoch: 0 };
  return {
    state: member.state,
    since: member.state === "unknown" ? null : new Date(member.sinceMs).toISOString(),
    incarnation: member.incarnation,
    bootEpoch: member.bootEpoch,
  };
}
