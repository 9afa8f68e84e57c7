import type { Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { MembershipState, NodeId } from "@pi-controller/schema";
import { detectPartition, type Partition } from "./partition.ts";
import type { EventsPort, MembershipChange, MembershipPort } from "./ports.ts";

export interface MeshWatchComponents {
  readonly membership: Pick<MembershipPort, "members" | "observe">;
  readonly events: EventsPort;
  readonly logger: Logger;
  /** Wall clock in ms. */
  readonly now: () => number;
  /** What people call a node, when it is in the roster; the log has its id without. */
  readonly nameOf?: (id: NodeId) => string | undefined;
}

/** Tells the event log what this peer sees of the others: who came and went, and whether the mesh looks split. */
export class MeshWatch implements Service {
  readonly name = "mesh-watch";
  readonly #components: MeshWatchComponents;
  readonly #self: NodeId;
  #partition: Partition | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(components: MeshWatchComponents, options: { readonly self: NodeId }) {
    this.#components = components;
    this.#self = options.self;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#components.membership.observe((change) => this.#onChange(change));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
  }

  /** What this peer cannot reach, when it lost several members at once. */
  partition(): Partition | undefined {
    return this.#partition;
  }

  #onChange(change: MembershipChange): void {
    if (change.id !== this.#self) this.#tell(change);
    this.#updatePartition();
  }

  #tell({ id, previous, member, reason }: MembershipChange): void {
    const { events, logger, nameOf } = this.#components;
    logger.info(
      { node: id, previous, state: member.state, reason },
      `${nameOf?.(id) ?? id} is ${member.state}`,
    );
    const { bootEpoch, incarnation } = member;
    const tell: Record<MembershipState, () => void> = {
      alive: () =>
        events.emit("cluster.node.alive", { node: id, data: { previous, bootEpoch, incarnation } }),
      suspect: () => events.emit("cluster.node.suspected", { node: id, data: { previous, reason } }),
      dead: () => events.emit("cluster.node.failed", { node: id, data: { previous, reason } }),
      left: () => events.emit("cluster.node.left", { node: id, data: { previous } }),
      // It was only just entered in the roster: nothing was seen of it yet.
      unknown: () => {},
    };
    tell[member.state]();
  }

  #updatePartition(): void {
    const { membership, events, now } = this.#components;
    const before = this.#partition;
    this.#partition = detectPartition([...membership.members().values()], before);
    if (before === undefined && this.#partition !== undefined) {
      const unreachable = [...this.#partition.unreachable];
      events.emit("mesh.partition.suspected", {
        node: this.#self,
        data: { reachable: this.#reachable(), unreachable },
      });
    } else if (before !== undefined && this.#partition === undefined) {
      events.emit("mesh.partition.healed", {
        node: this.#self,
        data: { durationMs: Math.max(0, now() - before.sinceMs) },
      });
    }
  }

  #reachable(): number {
    return [...this.#components.membership.members().values()].filter(({ state }) => state === "alive")
      .length;
  }
}
