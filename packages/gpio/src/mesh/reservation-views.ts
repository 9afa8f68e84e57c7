import type { Clock } from "@pi-controller/runtime";
import {
  type GpioPage,
  type GpioQuery,
  type GpioView,
  MeshError,
  type NodeId,
  type Observed,
  type RemoteValue,
  type ReservationId,
  type ReservationRecord,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import { reservationsCollection } from "../collections.ts";
import type { OwnedReservation } from "../owner/pin-owner.ts";
import { isIdOf } from "../reservation-id.ts";
import { demand, mayIn } from "./access.ts";
import type { DesiredValues } from "./desired-values.ts";
import type { HeardPins } from "./heard-pins.ts";
import { type Placed, pageOf, positionIn } from "./list-query.ts";
import { remaining, withTimeout } from "./narrowed-asking.ts";
import type { NodeRouter } from "./node-router.ts";
import type { GpioDocuments, GpioNodes } from "./ports.ts";

export interface ReservationViewsComponents {
  readonly router: NodeRouter;
  readonly nodes: GpioNodes;
  readonly documents: GpioDocuments;
  readonly desired: DesiredValues;
  readonly heard: HeardPins;
  readonly clock: Pick<Clock, "monotonic">;
}

/** A page is shown without what an owner does not answer in this time. */
const OBSERVED_WITHIN_MS = 500;
/** One reservation is worth waiting for a little longer. */
const ONE_WITHIN_MS = 2_000;
/** Owners that are asked at the same time. */
const MAX_ASKED = 32;
/** Reservations of one owner that are asked for in one request. */
const MAX_IDS = 512;

/** Reservations of all nodes: what their documents say, and what their owners answer now. */
export class ReservationViews {
  readonly #components: ReservationViewsComponents;

  constructor(components: ReservationViewsComponents) {
    this.#components = components;
  }

  /** As `GpioUseCases.list`. */
  async list(query: GpioQuery, asking: Asking): Promise<GpioPage> {
    const { requester } = asking;
    demand(requester, { verb: "list", resource: "gpio", namespace: query.namespace ?? { any: true } });
    const isShown = mayIn(requester, { verb: "list", resource: "gpio" });
    const { nodes } = this.#components;
    // Once for each node, as what is in line with whom is looked up there for each that is shown.
    const recordsOf = new Map(nodes.all().map((node) => [node, this.recordsOf(node)]));
    const all = [...recordsOf].flatMap(([node, records]) =>
      records.flatMap((record) => (isShown(record.namespace) ? [{ node, record }] : [])),
    );
    const { items, total, nextCursor } = pageOf(all, query);
    const answers = await this.#askOwners(items, asking);
    const views = items.flatMap(({ node, record }) => {
      const answer = answers.get(node);
      if (answer === undefined) return [this.ofRecord(node, record, recordsOf.get(node))];
      const owned = answer.get(record.id);
      // The owner has let go of it, which its document does not say yet.
      return owned === undefined ? [] : [this.ofOwner(node, owned)];
    });
    return { items: views, total, nextCursor };
  }

  /** As `GpioUseCases.get`. */
  async get(id: ReservationId, asking: Asking): Promise<GpioView> {
    const { router } = this.#components;
    const node = router.ownerOf(id);
    const asked = node === router.self ? asking : withTimeout(asking, ONE_WITHIN_MS);
    const found = await this.#askOwner(node, [id], asked).catch((error: unknown) => {
      const record = this.recordOf(node, id);
      if (!(error instanceof MeshError) || record === undefined) throw error;
      return this.#knownRecord(node, record, asking);
    });
    if ("observed" in found) return found;
    const owned = found.get(id);
    if (owned === undefined) throw new MeshError("NOT_FOUND", `There is no reservation ${id}`);
    return this.ofOwner(node, owned);
  }

  /** As the owner tells it, now. */
  ofOwner(node: NodeId, { record, gpio, position, remainingMs, observed, asOf }: OwnedReservation): GpioView {
    const { heard, nodes } = this.#components;
    const current = heard.current(record.id, { observed, asOf }, nodes.stateOf(node));
    return this.#view(node, record, { gpio, position, remainingMs, observed: current });
  }

  /**
   * As the owner wrote it down last, and what was heard last of its pin.
   *
   * @param records all of the node's; looked up when left out
   */
  ofRecord(node: NodeId, record: ReservationRecord, records = this.recordsOf(node)): GpioView {
    const { heard, nodes } = this.#components;
    return this.#view(node, record, {
      gpio: gpioOf(record.resource),
      position: positionIn(records, record),
      remainingMs: null,
      observed: heard.unknown(record.id, nodes.stateOf(node)),
    });
  }

  /** As the owner wrote it down last, with what it has just said of its pin. */
  ofWrite(node: NodeId, record: ReservationRecord, observed: Observed, asOf: string): GpioView {
    const { heard, nodes } = this.#components;
    const current = heard.current(record.id, { observed, asOf }, nodes.stateOf(node));
    return { ...this.ofRecord(node, record), observed: current };
  }

  recordOf(node: NodeId, id: ReservationId): ReservationRecord | undefined {
    const record = this.#components.documents.node(node).collection(reservationsCollection).get(id);
    return record?.id === id ? record : undefined;
  }

  /** What a node wrote down; what has the id of another node's reservation is none. */
  recordsOf(node: NodeId): readonly ReservationRecord[] {
    return this.#components.documents
      .node(node)
      .collection(reservationsCollection)
      .all()
      .filter(({ id }) => isIdOf(node, id));
  }

  #knownRecord(node: NodeId, record: ReservationRecord, { requester }: Asking): GpioView {
    const { id: name, namespace } = record;
    if (requester.refusal({ verb: "get", resource: "gpio", namespace, name }) !== undefined) {
      throw new MeshError("NOT_FOUND", `There is no reservation ${record.id}`);
    }
    return this.ofRecord(node, record);
  }

  async #askOwner(
    node: NodeId,
    ids: readonly ReservationId[],
    asking: Asking,
  ): Promise<ReadonlyMap<ReservationId, OwnedReservation>> {
    const found = await this.#components.router.pinsOf(node).list(ids, asking);
    return new Map(found.map((owned) => [owned.record.id, owned]));
  }

  /** Asks the owners of a page, some at a time, all within one time. Who does not answer is not in the result. */
  async #askOwners(
    page: readonly Placed[],
    asking: Asking,
  ): Promise<ReadonlyMap<NodeId, ReadonlyMap<ReservationId, OwnedReservation>>> {
    const idsOf = Map.groupBy(page, ({ node }) => node);
    const answers = new Map<NodeId, ReadonlyMap<ReservationId, OwnedReservation>>();
    const waiting = [...idsOf].map(([node, placed]) => ({
      node,
      ids: placed.map(({ record }) => record.id),
    }));
    const left = remaining(withTimeout(asking, OBSERVED_WITHIN_MS), this.#components.clock);
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { node, ids } = next;
        try {
          answers.set(node, await this.#askOwner(node, ids.slice(0, MAX_IDS), left()));
        } catch (error) {
          if (!(error instanceof MeshError)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_ASKED, waiting.length) }, worker));
    return answers;
  }

  #view(
    node: NodeId,
    record: ReservationRecord,
    state: {
      readonly gpio: number | null;
      readonly position: number | null;
      readonly remainingMs: number | null;
      readonly observed: RemoteValue<Observed>;
    },
  ): GpioView {
    const { desired, nodes } = this.#components;
    const { requestKey: _, ...shown } = record;
    const { id } = record;
    return { ...shown, ...state, node, nodeName: nodes.nameOf(node), pending: desired.pendingOf(id, node) };
  }
}

/** BCM number of a pin; null for a device on a bus. */
function gpioOf(resource: string): number | null {
  const digits = /^GPIO(\d+)$/.exec(resource)?.[1];
  return digits === undefined ? null : Number(digits);
}
