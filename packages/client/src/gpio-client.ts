import {
  type BusResult,
  busResultSchema,
  type GpioBatch,
  type GpioBatchResult,
  type GpioPage,
  type GpioPolicy,
  type GpioQuota,
  type GpioQuotaView,
  type GpioStreamQuery,
  type GpioView,
  type GpioWrite,
  gpioBatchResultSchema,
  gpioPageSchema,
  gpioPolicySchema,
  type gpioQuerySchema,
  gpioQuotaListSchema,
  gpioQuotaViewSchema,
  gpioViewSchema,
  type I2cScan,
  i2cScanSchema,
  type i2cTransactionSchema,
  type NodeGpio,
  type NodeId,
  nodeGpioSchema,
  type Renewal,
  type Renewed,
  type ReservationId,
  renewedSchema,
  type reservationRequestSchema,
  type StopList,
  type spiTransactionSchema,
  stopListSchema,
  type Transfer,
} from "@pi-controller/schema";
import * as z from "zod";
import type { GpioStream, GpioStreamHandlers } from "./gpio-stream.ts";
import { type CallOptions, type HttpConnection, segment } from "./http.ts";

/** As `GET /api/v1/gpio` takes it; what is left out has the server's default. */
export type GpioListQuery = Partial<Omit<z.input<typeof gpioQuerySchema>, "limit">> & {
  readonly limit?: number;
};
/** As `POST /api/v1/gpio` takes it: node, resource and mode, and what shall not have its default. */
export type ReservationTerms = z.input<typeof reservationRequestSchema>;

export interface ChangeOptions extends CallOptions {
  /**
   * 8 to 64 letters, digits, dots, dashes and underscores of one's own making: the same request with the same key is
   * done once. Give one to what may have to be sent again after DEADLINE_EXCEEDED or UNAVAILABLE.
   */
  readonly idempotencyKey?: string;
}

/**
 * Pins and devices of all nodes. Whoever holds one shows its token with every request; all of these throw MeshError
 * ABORTED when it is not that of the grant that stands, and UNAVAILABLE when the node with the pin cannot be reached.
 */
export interface GpioClient {
  readonly gpio: {
    list(query?: GpioListQuery, call?: CallOptions): Promise<GpioPage>;
    /** @throws MeshError NOT_FOUND */
    get(id: ReservationId, call?: CallOptions): Promise<GpioView>;
    /**
     * `state` says whether it is granted, or waits in line.
     *
     * @throws MeshError ALREADY_EXISTS when it is taken, FAILED_PRECONDITION, RESOURCE_EXHAUSTED (quota, power)
     */
    reserve(terms: ReservationTerms, options?: ChangeOptions): Promise<GpioView>;
    /** `pending` is set when the node is away and will see it when it returns. @throws MeshError FAILED_PRECONDITION (stop) */
    write(id: ReservationId, write: GpioWrite, options?: ChangeOptions): Promise<GpioView>;
    /** Never throws for one write: each has its result. */
    batch(batch: GpioBatch, options?: ChangeOptions): Promise<GpioBatchResult>;
    renew(id: ReservationId, renewal: Renewal, options?: ChangeOptions): Promise<Renewed>;
    transfer(id: ReservationId, transfer: Transfer, options?: ChangeOptions): Promise<GpioView>;
    /** `token` of one's own grant; nothing to leave the line; `force` to take it from somebody. */
    release(
      id: ReservationId,
      release?: { readonly token?: string; readonly force?: boolean },
      options?: ChangeOptions,
    ): Promise<void>;
    i2c(
      id: ReservationId,
      transaction: z.input<typeof i2cTransactionSchema>,
      options?: ChangeOptions,
    ): Promise<BusResult>;
    spi(
      id: ReservationId,
      transaction: z.input<typeof spiTransactionSchema>,
      options?: ChangeOptions,
    ): Promise<BusResult>;
    scan(node: NodeId, bus: number, options?: ChangeOptions): Promise<I2cScan>;
    /** The header of a node, and what holds its pins. */
    node(node: NodeId, call?: CallOptions): Promise<NodeGpio>;
    stops(call?: CallOptions): Promise<StopList>;
    /** Emergency stop. @param node null: all nodes */
    stop(node: NodeId | null, reason?: string, options?: ChangeOptions): Promise<StopList>;
    clear(node: NodeId | null, options?: ChangeOptions): Promise<StopList>;
    quotas(call?: CallOptions): Promise<readonly GpioQuotaView[]>;
    setQuota(quota: GpioQuota, options?: ChangeOptions): Promise<GpioQuotaView>;
    /** @throws MeshError NOT_FOUND */
    removeQuota(namespace: string, options?: ChangeOptions): Promise<void>;
    policy(call?: CallOptions): Promise<GpioPolicy>;
    setPolicy(policy: Partial<GpioPolicy>, options?: ChangeOptions): Promise<GpioPolicy>;
    /** Starts at once and goes on until it is closed. */
    follow(query: GpioStreamQuery, handlers: GpioStreamHandlers): GpioStream;
  };
}

const GPIO = "/api/v1/gpio";
const STOPS = "/api/v1/gpio-stops";
const QUOTAS = "/api/v1/gpio-quotas";
const POLICY = "/api/v1/gpio-policy";

/** @param follow opens the stream of changes of one node */
export function gpioClient(http: HttpConnection, follow: GpioClient["gpio"]["follow"]): GpioClient {
  const read = <Schema extends z.ZodType>(path: string, schema: Schema, call?: CallOptions) =>
    http.read({ method: "GET", path }, schema, call);
  const change = <Schema extends z.ZodType>(
    request: {
      method: "POST" | "PUT" | "DELETE";
      path: string;
      body?: unknown;
      query?: Record<string, string | undefined>;
    },
    schema: Schema,
    { idempotencyKey, ...call }: ChangeOptions = {},
  ) => http.read({ ...request, idempotencyKey }, schema, call);
  const pathOf = (id: ReservationId, act = "") => `${GPIO}/${segment(id)}${act}`;
  const stopPath = (node: NodeId | null) =>
    node === null ? STOPS : `/api/v1/nodes/${segment(node)}/gpio-stop`;
  const post = <Schema extends z.ZodType>(
    path: string,
    body: unknown,
    schema: Schema,
    options?: ChangeOptions,
  ) => change({ method: "POST", path, body }, schema, options);

  return {
    gpio: {
      list: (query = {}, call) => http.read({ method: "GET", path: GPIO, query }, gpioPageSchema, call),
      get: (id, call) => read(pathOf(id), gpioViewSchema, call),
      reserve: (body, options) => post(GPIO, body, gpioViewSchema, options),
      write: (id, body, options) =>
        change({ method: "PUT", path: pathOf(id), body }, gpioViewSchema, options),
      batch: (body, options) => post(`${GPIO}/batch`, body, gpioBatchResultSchema, options),
      renew: (id, body, options) => post(pathOf(id, "/renew"), body, renewedSchema, options),
      transfer: (id, body, options) => post(pathOf(id, "/transfer"), body, gpioViewSchema, options),
      async release(id, { token, force } = {}, options) {
        const query = { token, force: force === true ? "true" : undefined };
        await change({ method: "DELETE", path: pathOf(id), query }, z.null(), options);
      },
      i2c: (id, body, options) => post(pathOf(id, "/i2c"), body, busResultSchema, options),
      spi: (id, body, options) => post(pathOf(id, "/spi"), body, busResultSchema, options),
      scan(node, bus, options) {
        const path = `/api/v1/nodes/${segment(node)}/i2c/${bus}/scan`;
        return change({ method: "POST", path }, i2cScanSchema, options);
      },
      node: (node, call) => read(`/api/v1/nodes/${segment(node)}/gpio`, nodeGpioSchema, call),
      stops: (call) => read(STOPS, stopListSchema, call),
      stop: (node, reason = "", options) => post(stopPath(node), { reason }, stopListSchema, options),
      clear: (node, options) => change({ method: "DELETE", path: stopPath(node) }, stopListSchema, options),
      async quotas(call) {
        return (await read(QUOTAS, gpioQuotaListSchema, call)).items;
      },
      setQuota({ namespace, ...body }, options) {
        const path = `${QUOTAS}/${segment(namespace)}`;
        return change({ method: "PUT", path, body }, gpioQuotaViewSchema, options);
      },
      async removeQuota(namespace, options) {
        await change({ method: "DELETE", path: `${QUOTAS}/${segment(namespace)}` }, z.null(), options);
      },
      policy: (call) => read(POLICY, gpioPolicySchema, call),
      setPolicy: (body, options) => change({ method: "PUT", path: POLICY, body }, gpioPolicySchema, options),
      follow,
    },
  };
}
