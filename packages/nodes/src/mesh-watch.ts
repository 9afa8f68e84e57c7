import type { Documents } from "@pi-controller/document";
import type { Clock, Logger, Service, Unsubscribe } from "@pi-controller/runtime";
import type { MembershipState, NodeId } from "@pi-controller/schema";
import { nodesCollection } from "./collections.ts";
import { detectPartition, type MemberState, type Partition } from "./partition.ts";
import type { EventsPort, MembershipChange, MembershipPort } from "./ports.ts";

export interface MeshWatchComponents {
  readonly membership: Pick<MembershipPort, "member" | "members" | "observe">;
  readonly documents: Pick<Documents, "mesh">;
  readonly events: EventsPort;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  readonly logger: Logger;
  /** What people call a node, when it is in the roster; the log has its id without. */
  readonly nameOf?: (id: NodeId) => string | undefined;
}

/** Tells the event log what this peer sees of the others: who came and went, and whether the mesh looks split. */
export class MeshWatch implements Service {
  readonly name = "mesh-watch";
  readonly #components: MeshWatchComponents;
  readonly #self: NodeId;
  /** Its time is monotonic: the wall clock may be set meanwhile. */
  #partition: Partition | undefined;
  /** Who died while this peer knew of them: those it finds dead when it starts it has not lost. */
  readonly #lost = new Set<NodeId>();
  readonly #unsubscribe: Unsubscribe[] = [];

  constructor(components: MeshWatchComponents, options: { readonly self: NodeId }) {
    this.#components = components;
    this.#self = options.self;
  }

  async start(): Promise<void> {
    const { membership, documents } = this.#components;
    this.#unsubscribe.push(
      membership.observe((change) => this.#onChange(change)),
      // Whoever is lost may be removed instead of coming back, of which membership says nothing.
      documents.mesh.collection(nodesCollection).observe(() => this.#updatePartition()),
    );
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  /** What this peer cannot reach, when it lost several members at once. */
  partition(): Partition | undefined {
    if (this.#partition === undefined) return undefined;
    return { ...this.#partition, sinceMs: this.#partition.sinceMs + this.#wallClockOffsetMs() };
  }

  #onChange(change: MembershipChange): void {
    if (change.id !== this.#self) this.#tell(change);
    if (change.member.state !== "dead") this.#lost.delete(change.id);
    else if (change.previous !== "unknown" && change.previous !== "dead") this.#lost.add(change.id);
    this.#updatePartition();
  }

  #tell({ id, previous, member, reason }: MembershipChange): void {
    const { events, logger, nameOf } = this.#components;
    logger.info(
      { node: id, previous, state: member.state, reason },
      `${nameOf?.(id) ?? id} is ${member.state}`,
    );
    const { bootEpoch, incarnation } = member;
    // Of whom nothing was heard before was found so, and has not gone now.
    const isNews = previous !== "unknown";
    const tell: Record<MembershipState, () => unknown> = {
      alive: () =>
        events.emit("cluster.node.alive", { node: id, data: { previous, bootEpoch, incarnation } }),
      suspect: () => events.emit("cluster.node.suspected", { node: id, data: { previous, reason } }),
      dead: () => isNews && events.emit("cluster.node.failed", { node: id, data: { previous, reason } }),
      left: () => isNews && events.emit("cluster.node.left", { node: id, data: { previous } }),
      // It was only just entered in the roster: nothing was seen of it yet.
      unknown: () => {},
    };
    tell[member.state]();
  }

  #updatePartition(): void {
    const { membership, events, clock } = this.#components;
    const before = this.#partition;
    const offsetMs = this.#wallClockOffsetMs();
    // Only of them: it is done at each change of any member, of which there are many in a large mesh.
    const lost: MemberState[] = [];
    for (const id of this.#lost) {
      const member = membership.member(id);
      if (member === undefined) this.#lost.delete(id);
      else lost.push({ id, state: member.state, sinceMs: member.sinceMs - offsetMs });
    }
    this.#partition = detectPartition(lost, before);
    if (before === undefined && this.#partition !== undefined) {
      const unreachable = [...this.#partition.unreachable];
      events.emit("mesh.partition.suspected", {
        node: this.#self,
        data: { reachable: this.#reachable(), unreachable },
      });
    } else if (before !== undefined && this.#partition === undefined) {
      events.emit("mesh.partition.healed", {
        node: this.#self,
        data: { durationMs: Math.max(0, Math.round(clock.monotonic() - before.sinceMs)) },
      });
    }
  }

  /** What the wall clock shows beyond the monotonic one, at this moment. */
  #wallClockOffsetMs(): number {
    const { clock } = this.#components;
    return clock.now() - clock.monotonic();
  }

  #reachable(): number {
    return [...this.#components.membership.members().values()].filter(({ state }) => state === "alive")
      .length;
  }
}
