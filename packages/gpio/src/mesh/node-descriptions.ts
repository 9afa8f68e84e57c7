import type { Clock } from "@pi-controller/runtime";
import { MeshError, type NodeGpio, type NodeId } from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import { stopsIn } from "../collections.ts";
import type { OwnGpio } from "../owner/pin-owner.ts";
import { demand } from "./access.ts";
import { withTimeout } from "./narrowed-asking.ts";
import type { NodeRouter } from "./node-router.ts";
import type { GpioDocuments, GpioNodes } from "./ports.ts";
import type { ReservationViews } from "./reservation-views.ts";

export interface NodeDescriptionsComponents {
  readonly router: NodeRouter;
  readonly nodes: GpioNodes;
  readonly documents: Pick<GpioDocuments, "node">;
  readonly views: Pick<ReservationViews, "recordsOf">;
  readonly clock: Pick<Clock, "now">;
}

const ANSWERS_WITHIN_MS = 2_000;
/** A header is some 10 kB. */
const MAX_KEPT = 256;

/** What nodes can do with their pins: as they answer now, or else as they did last. */
export class NodeDescriptions {
  readonly #components: NodeDescriptionsComponents;
  /** Heard longest ago first. */
  readonly #kept = new Map<NodeId, OwnGpio>();

  constructor(components: NodeDescriptionsComponents) {
    this.#components = components;
  }

  /** As `GpioUseCases.node`. */
  async of(node: NodeId, asking: Asking): Promise<NodeGpio> {
    const { nodes, router } = this.#components;
    demand(asking.requester, { verb: "get", resource: "gpio", namespace: { any: true } });
    router.expectMember(node);
    const about = { node, nodeName: nodes.nameOf(node), membership: nodes.stateOf(node) };
    try {
      const answer = await router.pinsOf(node).describe(withTimeout(asking, ANSWERS_WITHIN_MS));
      this.#keep(node, answer);
      return { ...answer, ...about, status: "current" };
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      return { ...this.#last(node, error), ...about, status: "unknown" };
    }
  }

  /** What it said last, with what its documents say of it since. */
  #last(node: NodeId, error: MeshError): OwnGpio {
    const { documents, views, clock } = this.#components;
    const last = this.#kept.get(node) ?? nothingKnown(error.message, new Date(clock.now()).toISOString());
    const holders = new Map(
      views
        .recordsOf(node)
        .flatMap(({ state, resource, id }) => (state === "granted" ? [[resource, id] as const] : [])),
    );
    return {
      ...last,
      header: last.header.map((place) => ({
        ...place,
        reservation: holders.get(`GPIO${place.gpio}`) ?? null,
      })),
      stops: [...stopsIn(documents.node(node))],
    };
  }

  #keep(node: NodeId, answer: OwnGpio): void {
    this.#kept.delete(node);
    this.#kept.set(node, answer);
    if (this.#kept.size <= MAX_KEPT) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      break;
    }
  }
}

/** Of a node that has not answered since this peer started. */
function nothingKnown(problem: string, asOf: string): OwnGpio {
  return {
    asOf,
    driver: "none",
    problem,
    header: [],
    pwm: [],
    i2cBuses: [],
    spiDevices: [],
    limits: { pinMilliamperes: 0, totalMilliamperes: null, boardMilliwatts: null, source: "" },
    stops: [],
  };
}
