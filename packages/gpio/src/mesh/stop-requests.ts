import { hash, randomUUID } from "node:crypto";
import type { Logger } from "@pi-controller/runtime";
import type { EmergencyStop, NodeId, StopList, StopRequest } from "@pi-controller/schema";
import type { Asking } from "../asking.ts";
import { stopsCollection, stopsIn } from "../collections.ts";
import type { GpioEvents } from "../owner/components.ts";
import { demand } from "./access.ts";
import { withTimeout } from "./narrowed-asking.ts";
import type { NodeRouter } from "./node-router.ts";
import type { GpioDocuments, GpioNodes, TrustedNow } from "./ports.ts";

export interface StopRequestsComponents {
  readonly router: NodeRouter;
  readonly nodes: GpioNodes;
  readonly documents: GpioDocuments;
  readonly events: GpioEvents;
  readonly now: TrustedNow;
  readonly logger: Logger;
}

/** What a node has not confirmed by then it hears from the mesh document. */
const CONFIRMED_WITHIN_MS = 2_000;
/** And in this part of the time of whoever asks, who is to hear who has not confirmed. */
const CONFIRMED_FRACTION = 0.75;
/** Everything is off already: more records of it would only fill the document. */
const MAX_STOPS = 32;

/** Emergency stops: of one node, asked of it; of all nodes, told to each at once and kept in the mesh document. */
export class StopRequests {
  readonly #components: StopRequestsComponents;

  constructor(components: StopRequestsComponents) {
    this.#components = components;
  }

  /** As `GpioUseCases.stops`. */
  list({ requester }: Asking): StopList {
    demand(requester, { verb: "list", resource: "gpio-stops" });
    return this.#list();
  }

  /** As `GpioUseCases.stop`. */
  async stop(node: NodeId | null, request: StopRequest, asking: Asking): Promise<StopList> {
    if (node === null) return this.#stopAll(request, asking);
    const stops = await this.#components.router.pinsOf(node).stop(request, asking);
    return this.#list({ told: { node, stops } });
  }

  /** As `GpioUseCases.clear`: those that this peer knows of, so that none is cleared that nobody here has seen. */
  async clear(node: NodeId | null, asking: Asking): Promise<StopList> {
    const { documents, router, events } = this.#components;
    if (node === null) {
      demand(asking.requester, { verb: "delete", resource: "gpio-stops" });
      const cleared = await documents.mesh.transact((transaction) => {
        const stops = transaction.all(stopsCollection);
        for (const { id } of stops) transaction.delete(stopsCollection, id);
        return stops.length;
      });
      // Told here, once: each node sees it in the document, and cannot tell by whom it is.
      const { userName: by } = asking.requester;
      if (cleared > 0) events.emit("gpio.stop.cleared", { scope: "mesh", by }, asking.correlationId);
      return this.#list();
    }
    const known = stopsIn(documents.node(node));
    // Its document may not have told yet of one that the same person has just set.
    const ids = known.length === 0 ? undefined : known.map(({ id }) => id);
    const stops = await router.pinsOf(node).clear(ids, asking);
    return this.#list({ told: { node, stops } });
  }

  /**
   * Own pins first, then, at the same time, everybody who may be there and the mesh document, for those who are not.
   * Whatever fails of it does not keep the rest from being done.
   */
  async #stopAll(request: StopRequest, asking: Asking): Promise<StopList> {
    const { documents, nodes, router } = this.#components;
    demand(asking.requester, { verb: "create", resource: "gpio-stops" });
    const standing = stopsIn(documents.mesh);
    const asked = this.#record(request, asking);
    const record =
      standing.find(({ id }) => id === asked.id) ?? (standing.length < MAX_STOPS ? asked : standing[0]);
    if (record === undefined) return this.#list();
    const brief = withTimeout(asking, Math.min(CONFIRMED_WITHIN_MS, asking.timeoutMs * CONFIRMED_FRACTION));
    const tell = async (node: NodeId) => {
      await router.pinsOf(node).stop(request, brief, record);
    };
    const others = nodes.all().filter((node) => node !== router.self);
    const told = [router.self, ...others].map((node) => ({ node, done: tell(node) }));
    const [recorded, ...confirmations] = await Promise.allSettled([
      documents.mesh.collection(stopsCollection).put(record.id, record),
      ...told.map(({ done }) => done),
    ]);
    const unconfirmed = told.flatMap(({ node }, index) =>
      confirmations[index]?.status === "fulfilled" ? [] : [node],
    );
    this.#report(told, confirmations);
    // It stands where it was confirmed, but those who are away would never hear of it.
    if (recorded.status === "rejected") throw recorded.reason;
    return this.#list({ unconfirmed });
  }

  #record({ reason }: StopRequest, { requester, idempotencyKey }: Asking): EmergencyStop {
    const since = new Date(this.#components.now()).toISOString();
    const { userName } = requester;
    // Who asks again, perhaps another peer, sets no second stop.
    const id =
      idempotencyKey === undefined ? randomUUID() : hash("sha256", `${userName}\0${idempotencyKey}`, "hex");
    return { id, cause: "user", by: userName, reason, since };
  }

  #report(told: readonly { readonly node: NodeId }[], results: readonly PromiseSettledResult<void>[]): void {
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      const error: unknown = result.reason;
      this.#components.logger.warn(
        { error, node: told[index]?.node },
        "A node has not confirmed the emergency stop of all nodes.",
      );
    }
  }

  #list({
    told,
    unconfirmed = [],
  }: {
    /** A node that has just answered, before its document does. */
    readonly told?: { readonly node: NodeId; readonly stops: readonly EmergencyStop[] };
    readonly unconfirmed?: readonly NodeId[];
  } = {}): StopList {
    const { documents, nodes } = this.#components;
    const perNode = nodes.all().map((node) => {
      const stops = told?.node === node ? told.stops : stopsIn(documents.node(node));
      return { node, nodeName: nodes.nameOf(node), stops: [...stops] };
    });
    return {
      mesh: [...stopsIn(documents.mesh)],
      nodes: perNode.filter(({ stops }) => stops.length > 0),
      unconfirmed: [...unconfirmed],
    };
  }
}
