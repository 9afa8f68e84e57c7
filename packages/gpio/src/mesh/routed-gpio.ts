import type { Network } from "@pi-controller/mesh";
import type { Clock, Logger, Random, Unsubscribe } from "@pi-controller/runtime";
import {
  type BusResult,
  errorCodeSchema,
  type GpioBatch,
  type GpioBatchResult,
  type GpioPage,
  type GpioPolicy,
  type GpioQuery,
  type GpioQuota,
  type GpioQuotaView,
  type GpioStreamMessage,
  type GpioStreamQuery,
  type GpioView,
  type GpioWrite,
  type I2cScan,
  type I2cTransaction,
  MeshError,
  type NodeGpio,
  type NodeId,
  type Observed,
  type ReleaseQuery,
  type Renewal,
  type Renewed,
  type ReservationId,
  type ReservationRequest,
  type SpiTransaction,
  type StopList,
  type StopRequest,
  type Transfer,
} from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import type { ChangeFeed } from "../owner/changes.ts";
import type { GpioEvents } from "../owner/components.ts";
import type { PinOwner, WriteResult } from "../owner/pin-owner.ts";
import type { ChangeStream, GpioUseCases } from "../use-cases.ts";
import { writeBatch } from "./batch-writes.ts";
import { ChangeStreams } from "./change-streams.ts";
import { DesiredValues } from "./desired-values.ts";
import { HeardPins } from "./heard-pins.ts";
import { LimitSettings } from "./limit-settings.ts";
import { remaining, withTimeout } from "./narrowed-asking.ts";
import { NodeDescriptions } from "./node-descriptions.ts";
import { NodeRouter } from "./node-router.ts";
import type { GpioDocuments, GpioNodes, TrustedNow } from "./ports.ts";
import { isAway } from "./remote-errors.ts";
import { RemotePins } from "./remote-pins.ts";
import { ReservationViews } from "./reservation-views.ts";
import { StopRequests } from "./stop-requests.ts";
import { timelyGpio } from "./timely-gpio.ts";

export interface RoutedGpioComponents {
  /** Of this node. */
  readonly owner: PinOwner;
  readonly feed: ChangeFeed;
  readonly network: Pick<Network, "self" | "request">;
  readonly documents: GpioDocuments;
  readonly nodes: GpioNodes;
  readonly events: GpioEvents;
  readonly now: TrustedNow;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The pins of all nodes as one: what concerns this node goes straight to its owner, all else to the owner it concerns. */
export function routedGpio(components: RoutedGpioComponents): GpioUseCases {
  const { network, owner, nodes, documents, now, clock } = components;
  const router = new NodeRouter(
    { own: owner, remote: (node) => new RemotePins({ network, nodes }, node), nodes, documents },
    { self: network.self },
  );
  const desired = new DesiredValues({ documents, now, clock });
  const heard = new HeardPins({ clock });
  const views = new ReservationViews({ router, nodes, documents, desired, heard, clock });
  const routed = new RoutedGpio({
    router,
    nodes,
    views,
    desired,
    clock,
    stopRequests: new StopRequests({ ...components, router }),
    settings: new LimitSettings({ nodes, documents, views }),
    descriptions: new NodeDescriptions({ router, nodes, documents, views, clock }),
    streams: new ChangeStreams({ ...components, router }),
  });
  return timelyGpio(routed, { clock });
}

interface Parts {
  readonly router: NodeRouter;
  readonly nodes: GpioNodes;
  readonly views: ReservationViews;
  readonly desired: DesiredValues;
  readonly stopRequests: StopRequests;
  readonly settings: LimitSettings;
  readonly descriptions: NodeDescriptions;
  readonly streams: ChangeStreams;
  readonly clock: Clock;
}

class RoutedGpio implements GpioUseCases {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(query: GpioQuery, asking: Asking): Promise<GpioPage> {
    return this.#parts.views.list(query, asking);
  }

  get(id: ReservationId, asking: Asking): Promise<GpioView> {
    return this.#parts.views.get(id, asking);
  }

  async reserve({ node, ...request }: ReservationRequest, asking: Asking): Promise<GpioView> {
    const { router, views } = this.#parts;
    return views.ofOwner(node, await router.pinsOf(node).reserve(request, asking));
  }

  async write(id: ReservationId, write: GpioWrite, asking: Asking): Promise<GpioView> {
    const { router, clock, nodes, views, desired } = this.#parts;
    const node = router.ownerOf(id);
    const left = remaining(asking, clock);
    const { token, value, applyWithinMs } = write;
    // Some of the time is needed to leave the value for later.
    const mine = applyWithinMs === undefined ? asking : withTimeout(asking, asking.timeoutMs / 2);
    let results: readonly WriteResult[];
    try {
      results = await router.pinsOf(node).write([{ id, token, value }], mine);
    } catch (error) {
      if (applyWithinMs === undefined || node === router.self || !isAway(error, nodes.stateOf(node)))
        throw error;
      const record = await desired.leave(id, node, write, applyWithinMs, left());
      return views.ofRecord(node, record);
    }
    // From here on its owner has answered: whatever that says, it is there.
    const [result] = results;
    if (result === undefined) throw new MeshError("INTERNAL", "A write has no result");
    if ("error" in result) throw errorOf(result.error);
    return this.#written(node, write, result, left);
  }

  /** What was written, without asking the owner again where it has told of the reservation. */
  async #written(
    node: NodeId,
    { value }: GpioWrite,
    { id, observed }: { readonly id: ReservationId; readonly observed: Observed },
    left: () => Asking,
  ): Promise<GpioView> {
    const { views, router, clock, desired } = this.#parts;
    await desired.withdraw(id, node);
    const record = views.recordOf(node, id);
    if (record !== undefined) {
      const shown = record.keep ? { ...record, desired: { ...record.desired, ...value } } : record;
      return views.ofWrite(node, shown, observed, new Date(clock.now()).toISOString());
    }
    const [owned] = await router.pinsOf(node).list([id], left());
    if (owned === undefined) throw new MeshError("NOT_FOUND", "It was written, but has ended since");
    return views.ofOwner(node, owned);
  }

  batch(batch: GpioBatch, asking: Asking): Promise<GpioBatchResult> {
    const { router, clock } = this.#parts;
    return writeBatch(router, batch, asking, { clock });
  }

  async renew(id: ReservationId, renewal: Renewal, asking: Asking): Promise<Renewed> {
    return this.#pinsOfOwner(id).renew(id, renewal, asking);
  }

  async transfer(id: ReservationId, transfer: Transfer, asking: Asking): Promise<GpioView> {
    const { router, views } = this.#parts;
    const transferred = await this.#pinsOfOwner(id).transfer(id, transfer, asking);
    return views.ofOwner(router.ownerOf(id), transferred);
  }

  async release(id: ReservationId, { token, force }: ReleaseQuery, asking: Asking): Promise<void> {
    await this.#pinsOfOwner(id).release(id, { token, force: force === "true" }, asking);
  }

  async i2c(id: ReservationId, transaction: I2cTransaction, asking: Asking): Promise<BusResult> {
    return this.#pinsOfOwner(id).i2c(id, transaction, asking);
  }

  async spi(id: ReservationId, transaction: SpiTransaction, asking: Asking): Promise<BusResult> {
    return this.#pinsOfOwner(id).spi(id, transaction, asking);
  }

  async scan(node: NodeId, bus: number, asking: Asking): Promise<I2cScan> {
    const { router, clock } = this.#parts;
    const addresses = await router.pinsOf(node).scan(bus, asking);
    return { node, bus, addresses: [...addresses], asOf: new Date(clock.now()).toISOString() };
  }

  node(node: NodeId, asking: Asking): Promise<NodeGpio> {
    return this.#parts.descriptions.of(node, asking);
  }

  stops(asking: Asking): StopList {
    return this.#parts.stopRequests.list(asking);
  }

  stop(node: NodeId | null, request: StopRequest, asking: Asking): Promise<StopList> {
    return this.#parts.stopRequests.stop(node, request, asking);
  }

  clear(node: NodeId | null, asking: Asking): Promise<StopList> {
    return this.#parts.stopRequests.clear(node, asking);
  }

  quotas(asking: Asking): readonly GpioQuotaView[] {
    return this.#parts.settings.quotas(asking);
  }

  setQuota(quota: GpioQuota, asking: Asking): Promise<GpioQuotaView> {
    return this.#parts.settings.setQuota(quota, asking);
  }

  removeQuota(namespace: string, asking: Asking): Promise<void> {
    return this.#parts.settings.removeQuota(namespace, asking);
  }

  policy(asking: Asking): GpioPolicy {
    return this.#parts.settings.policy(asking);
  }

  setPolicy(policy: GpioPolicy, asking: Asking): Promise<GpioPolicy> {
    return this.#parts.settings.setPolicy(policy, asking);
  }

  follow(
    query: GpioStreamQuery,
    asking: Asking,
    listener: (message: GpioStreamMessage) => boolean,
    ready: (again: () => void) => Unsubscribe,
  ): ChangeStream {
    return this.#parts.streams.follow(query, asking, listener, ready);
  }

  #pinsOfOwner(id: ReservationId) {
    const { router } = this.#parts;
    return router.pinsOf(router.ownerOf(id));
  }
}

function errorOf({ code, detail }: { readonly code: string; readonly detail: string }): MeshError {
  const known = errorCodeSchema.safeParse(code);
  return new MeshError(known.success ? known.data : "INTERNAL", detail);
}
