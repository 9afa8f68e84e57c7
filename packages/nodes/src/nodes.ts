import type { Documents } from "@pi-controller/document";
import type { Discovery, Network } from "@pi-controller/mesh";
import type { Clock } from "@pi-controller/runtime";
import {
  type MembershipState,
  type MeshView,
  membershipStateSchema,
  type NodeId,
  type NodeMetrics,
  type NodeRecord,
  type NodeView,
} from "@pi-controller/schema";
import { listNodes } from "./node-list.ts";
import { NodeRegistry, type NodeRegistryComponents } from "./node-registry.ts";
import { NodeViews, type NodeViewsComponents } from "./node-views.ts";
import type { Partition } from "./partition.ts";
import type { MembershipPort, MetricsPort } from "./ports.ts";
import { revisionOf } from "./revision.ts";
import type { NodeUseCases, Revised } from "./use-cases.ts";

export interface NodesComponents extends NodeRegistryComponents, NodeViewsComponents {
  readonly network: Pick<Network, "self" | "dial" | "status">;
  readonly documents: Pick<Documents, "mesh" | "node" | "status">;
  readonly membership: Pick<MembershipPort, "member" | "localHealth">;
  readonly metrics: Pick<MetricsPort, "last" | "history" | "staleAfterMs">;
  readonly discovery: Pick<Discovery, "status"> | undefined;
  readonly partition: () => Partition | undefined;
  readonly clock: Clock;
}

export interface NodesOptions {
  readonly version: string;
  readonly bootEpoch: number;
  /** Wall clock in ms. */
  readonly startedAtMs: number;
  /** Shown while this node is not in the roster yet. */
  readonly name: string;
}

/** What can be asked of, and done with, the nodes of the mesh: see `NodeUseCases`. */
export function createNodes(components: NodesComponents, options: NodesOptions): NodeUseCases {
  const views = new NodeViews(components);
  const registry = new NodeRegistry(components);
  const revised = (record: NodeRecord): Revised<NodeView> => ({
    value: views.view(record),
    revision: revisionOf(record),
  });
  return {
    list: (query) => listNodes(views.all(), query),
    get: (id) => revised(registry.get(id)),
    async register(registration, context) {
      const { record, created } = await registry.register(registration, context);
      return { ...revised(record), created };
    },
    update: async (id, update, ifMatch, context) =>
      revised(await registry.update(id, update, ifMatch, context)),
    remove: (id, ifMatch, context) => registry.remove(id, ifMatch, context),
    admit: (id, wish) => registry.admit(id, wish),
    forget: (id, context) => registry.forget(id, context),
    metrics(id, { since, limit }): NodeMetrics {
      registry.get(id);
      return {
        node: id,
        last: views.metrics(id),
        history: components.metrics
          .history(id, { sinceMs: since === undefined ? undefined : Date.parse(since), limit })
          .map(({ sample }) => sample),
      };
    },
    mesh: () => meshView(components, options, views),
  };
}

function meshView(components: NodesComponents, options: NodesOptions, views: NodeViews): MeshView {
  const { network, discovery, documents, membership, clock } = components;
  const status = network.status();
  const nodes = views.all();
  const counts = Object.fromEntries(membershipStateSchema.options.map((state) => [state, 0])) as Record<
    MembershipState,
    number
  >;
  for (const node of nodes) counts[node.membership.state]++;
  return {
    node: network.self,
    name: nodes.find((node) => node.self)?.name ?? options.name,
    version: options.version,
    bootEpoch: options.bootEpoch,
    startedAt: new Date(options.startedAtMs).toISOString(),
    asOf: new Date(clock.now()).toISOString(),
    addresses: [...status.addresses],
    counts,
    partition: partitionView(components.partition()),
    connections: status.connections.map(({ peer, openedAtMs, ...connection }) => ({
      node: peer,
      ...connection,
      openedAt: new Date(openedAtMs).toISOString(),
    })),
    discovery: [...(discovery?.status() ?? [])],
    document: documents.status(),
    localHealth: membership.localHealth(),
  };
}

function partitionView(partition: Partition | undefined): { since: string; unreachable: NodeId[] } | null {
  if (partition === undefined) return null;
  return { since: new Date(partition.sinceMs).toISOString(), unreachable: [...partition.unreachable] };
}
