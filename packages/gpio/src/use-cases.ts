import type { Unsubscribe } from "@pi-controller/runtime";
import type {
  BusResult,
  GpioBatch,
  GpioBatchResult,
  GpioPage,
  GpioPolicy,
  GpioQuery,
  GpioQuota,
  GpioQuotaView,
  GpioStreamMessage,
  GpioStreamQuery,
  GpioView,
  GpioWrite,
  I2cScan,
  I2cTransaction,
  NodeGpio,
  NodeId,
  ReleaseQuery,
  Renewal,
  Renewed,
  ReservationId,
  ReservationRequest,
  SpiTransaction,
  StopList,
  StopRequest,
  Transfer,
} from "@pi-controller/schema";
import type { Asking } from "./asking.ts";

/** A reader of the changes of one node. */
export interface ChangeStream {
  close(): void;
}

/**
 * What any edge (REST, WebSocket, gRPC, CLI, ...) can do with the pins of any node. What concerns another node is
 * asked of its owner, once, within the caller's time. Throws as `PinOwner`, and UNAVAILABLE when the owner cannot be
 * reached, DEADLINE_EXCEEDED when it does not answer in time (it may have been done: ask again with the same
 * idempotency key).
 */
export interface GpioUseCases {
  /** Of all nodes, from their documents; what is observed is asked of the owners that can be reached. */
  list(query: GpioQuery, asking: Asking): Promise<GpioPage>;
  get(id: ReservationId, asking: Asking): Promise<GpioView>;
  /** @returns one that is `granted`, or `waiting` */
  reserve(request: ReservationRequest, asking: Asking): Promise<GpioView>;
  /** @returns with `pending` set when the owner was away and will see it when it returns */
  write(id: ReservationId, write: GpioWrite, asking: Asking): Promise<GpioView>;
  batch(batch: GpioBatch, asking: Asking): Promise<GpioBatchResult>;
  renew(id: ReservationId, renewal: Renewal, asking: Asking): Promise<Renewed>;
  transfer(id: ReservationId, transfer: Transfer, asking: Asking): Promise<GpioView>;
  release(id: ReservationId, options: ReleaseQuery, asking: Asking): Promise<void>;
  i2c(id: ReservationId, transaction: I2cTransaction, asking: Asking): Promise<BusResult>;
  spi(id: ReservationId, transaction: SpiTransaction, asking: Asking): Promise<BusResult>;
  scan(node: NodeId, bus: number, asking: Asking): Promise<I2cScan>;
  node(node: NodeId, asking: Asking): Promise<NodeGpio>;
  stops(asking: Asking): StopList;
  /** @param node null: all nodes */
  stop(node: NodeId | null, request: StopRequest, asking: Asking): Promise<StopList>;
  clear(node: NodeId | null, asking: Asking): Promise<StopList>;
  quotas(asking: Asking): readonly GpioQuotaView[];
  setQuota(quota: GpioQuota, asking: Asking): Promise<GpioQuotaView>;
  removeQuota(namespace: string, asking: Asking): Promise<void>;
  policy(asking: Asking): GpioPolicy;
  setPolicy(policy: GpioPolicy, asking: Asking): Promise<GpioPolicy>;
  /**
   * Follows the changes at one node's pins, until closed. Changes of reservations that the requester may not watch
   * are left out.
   *
   * @param listener returns false while its reader is too slow: what comes meanwhile is coalesced. Must not throw
   * @param ready calls back when the reader can take more
   */
  follow(
    query: GpioStreamQuery,
    asking: Asking,
    listener: (message: GpioStreamMessage) => boolean,
    ready: (again: () => void) => Unsubscribe,
  ): ChangeStream;
}
