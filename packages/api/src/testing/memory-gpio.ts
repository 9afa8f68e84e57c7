import type { Asking, ChangeStream, GpioUseCases } from "@pi-controller/gpio";
import type { Unsubscribe } from "@pi-controller/runtime";
import {
  type Access,
  type GpioPolicy,
  type GpioQuery,
  type GpioQuotaView,
  type GpioStreamMessage,
  type GpioView,
  MeshError,
  type NodeId,
  type ReservationRequest,
  type StopList,
} from "@pi-controller/schema";
import { emergencyStop, gpioView, nodeGpio, policy, quotaView, TOKEN } from "./gpio-samples.ts";
import { nodeId } from "./samples.ts";

/** Somebody who follows the changes of a node. */
export interface MemoryFollower {
  readonly asking: Asking;
  /** @returns false when its reader is too slow */
  readonly tell: (message: GpioStreamMessage) => boolean;
  readonly ready: (again: () => void) => Unsubscribe;
  closed: boolean;
}

/**
 * The use cases of GPIO over a map, for tests of the edge: it has the answers and errors, and no pins. Node 9 is away,
 * and there are none from 90 on.
 */
export class MemoryGpio implements GpioUseCases {
  readonly #reservations = new Map<string, GpioView>();
  readonly #quotas = new Map<string, GpioQuotaView>([["default", quotaView("default")]]);
  #policy: GpioPolicy = policy;
  #stops: StopList = { mesh: [], nodes: [], unconfirmed: [] };
  /** Names of what was called that can change something, with whom for. */
  readonly changes: { readonly name: string; readonly asking: Asking; readonly input: unknown }[] = [];
  readonly followers: MemoryFollower[] = [];

  constructor() {
    for (const number of [0, 1, 2]) this.#reservations.set(gpioView(number).id, gpioView(number));
  }

  put(view: GpioView): void {
    this.#reservations.set(view.id, view);
  }

  async list({ limit, cursor = "0" }: GpioQuery) {
    const start = Number(cursor);
    if (!Number.isSafeInteger(start) || start < 0) throw new MeshError("INVALID_ARGUMENT", "Invalid cursor");
    const all = [...this.#reservations.values()];
    const end = start + limit;
    return {
      items: all.slice(start, end),
      total: all.length,
      nextCursor: end < all.length ? `${end}` : null,
    };
  }

  async get(id: string, asking: Asking) {
    const view = this.#reservations.get(id);
    if (view === undefined) throw new MeshError("NOT_FOUND", `There is no reservation ${id}`);
    demand(asking, { verb: "get", resource: "gpio", namespace: view.namespace, name: id });
    return view;
  }

  async reserve(request: ReservationRequest, asking: Asking) {
    const { node, waitMs, preempt: _preempt, keep = request.ttlMs === null, ...terms } = request;
    demand(asking, { verb: "create", resource: "gpio", namespace: request.namespace });
    this.#change("reserve", asking, request);
    this.#reach(node);
    const holder = [...this.#reservations.values()].find(
      (each) => each.node === node && each.resource === request.resource,
    );
    if (holder !== undefined && waitMs === 0) {
      throw new MeshError("ALREADY_EXISTS", `${holder.holder.userName} holds ${holder.resource}`);
    }
    const granted = gpioView(3 + this.#reservations.size);
    const { userName, userId } = asking.requester;
    const common = { ...granted, ...terms, node, keep, holder: { userName, userId } };
    const view: GpioView =
      holder === undefined
        ? common
        : { ...common, state: "waiting", token: null, grantedAt: null, expiresAt: null, position: 1 };
    this.#reservations.set(view.id, view);
    return view;
  }

  async write(...[id, { token, value, applyWithinMs }, asking]: Parameters<GpioUseCases["write"]>) {
    const view = await this.#held("write", id, token, asking, value);
    if (view.node !== nodeId(9)) return view;
    if (applyWithinMs === undefined) this.#reach(view.node);
    const time = "2026-11-21T10:00:00.000Z";
    return { ...view, pending: { token, value, writtenAt: time, applyBefore: time } };
  }

  async batch(...[{ writes }, asking]: Parameters<GpioUseCases["batch"]>) {
    this.#change("batch", asking, writes);
    const results = writes.map(({ id }) => {
      const view = this.#reservations.get(id);
      const { namespace = "default" } = view ?? {};
      const detail = asking.requester.refusal({ verb: "update", resource: "gpio", namespace, name: id });
      if (detail !== undefined) {
        return { id, ok: false, observed: null, error: { code: "PERMISSION_DENIED", detail } };
      }
      return view === undefined
        ? { id, ok: false, observed: null, error: { code: "NOT_FOUND", detail: `There is no ${id}` } }
        : { id, ok: true, observed: view.observed.value, error: null };
    });
    return { results };
  }

  async renew(...[id, { token }, asking]: Parameters<GpioUseCases["renew"]>) {
    await this.#held("renew", id, token, asking);
    return { id, token, remainingMs: 60_000 };
  }

  async transfer(...[id, { token, to }, asking]: Parameters<GpioUseCases["transfer"]>) {
    const view = await this.#held("transfer", id, token, asking);
    return { ...view, token: "3.18", holder: { userName: to, userId: null } };
  }

  async release(...[id, options, asking]: Parameters<GpioUseCases["release"]>) {
    const verb = options.force === "true" ? "revoke" : "delete";
    const { namespace = "default" } = this.#reservations.get(id) ?? {};
    demand(asking, { verb, resource: "gpio", namespace, name: id });
    this.#change("release", asking, { id, ...options });
    this.#reservations.delete(id);
  }

  async i2c(...[id, { token, operations }, asking]: Parameters<GpioUseCases["i2c"]>) {
    await this.#held("i2c", id, token, asking);
    return { results: operations.map(({ op }) => (op.startsWith("read") ? [0x42] : null)) };
  }

  async spi(...[id, { token, transfers }, asking]: Parameters<GpioUseCases["spi"]>) {
    await this.#held("spi", id, token, asking);
    return { results: transfers.map(({ bytes }) => bytes) };
  }

  async scan(node: NodeId, bus: number, asking: Asking) {
    this.#change("scan", asking, { node, bus });
    this.#reach(node);
    return { node, bus, addresses: [0x48], asOf: "2026-11-21T10:00:00.000Z" };
  }

  async node(node: NodeId) {
    this.#reach(node);
    return nodeGpio(node);
  }

  stops() {
    return this.#stops;
  }

  async stop(...[node, request, asking]: Parameters<GpioUseCases["stop"]>) {
    this.#change("stop", asking, { node, ...request });
    const stop = { ...emergencyStop(1), reason: request.reason };
    this.#stops =
      node === null
        ? { ...this.#stops, mesh: [stop], unconfirmed: [nodeId(9)] }
        : { ...this.#stops, nodes: [{ node, nodeName: "pi-1", stops: [stop] }] };
    return this.#stops;
  }

  async clear(...[node, asking]: Parameters<GpioUseCases["clear"]>) {
    this.#change("clear", asking, { node });
    this.#stops = { ...this.#stops, ...(node === null ? { mesh: [] } : { nodes: [] }), unconfirmed: [] };
    return this.#stops;
  }

  quotas() {
    return [...this.#quotas.values()];
  }

  async setQuota(...[quota, asking]: Parameters<GpioUseCases["setQuota"]>) {
    this.#change("setQuota", asking, quota);
    const view = { ...quotaView(quota.namespace), ...quota };
    this.#quotas.set(quota.namespace, view);
    return view;
  }

  async removeQuota(namespace: string, asking: Asking) {
    this.#change("removeQuota", asking, { namespace });
    if (!this.#quotas.delete(namespace)) throw new MeshError("NOT_FOUND", `${namespace} has no quota`);
  }

  policy() {
    return this.#policy;
  }

  async setPolicy(...[given, asking]: Parameters<GpioUseCases["setPolicy"]>) {
    this.#change("setPolicy", asking, given);
    this.#policy = given;
    return given;
  }

  follow(...[query, asking, tell, ready]: Parameters<GpioUseCases["follow"]>): ChangeStream {
    this.#reach(query.node ?? nodeId(0));
    const follower: MemoryFollower = { asking, tell, ready, closed: false };
    this.followers.push(follower);
    tell({ kind: "hello", node: query.node ?? nodeId(0) });
    return {
      close() {
        follower.closed = true;
      },
    };
  }

  async #held(name: string, id: string, token: string, asking: Asking, input?: unknown): Promise<GpioView> {
    const view = await this.get(id, asking);
    this.#change(name, asking, input ?? { id, token });
    if (token !== TOKEN) throw new MeshError("ABORTED", `The token ${token} is not that of the grant`);
    return view;
  }

  #change(name: string, asking: Asking, input: unknown): void {
    this.changes.push({ name, asking, input });
  }

  #reach(node: NodeId): void {
    if (node === nodeId(9)) throw new MeshError("UNAVAILABLE", "pi-9 cannot be reached");
    if (node >= nodeId(90)) throw new MeshError("NOT_FOUND", `There is no node ${node}`);
  }
}

function demand({ requester }: Asking, access: Access): void {
  const reason = requester.refusal(access);
  if (reason !== undefined) throw new MeshError("PERMISSION_DENIED", reason);
}
