import {
  type EventPage,
  type EventQuery,
  eventPageSchema,
  type Health,
  healthSchema,
  type MeshView,
  meshViewSchema,
  type NodeId,
  type NodeMetrics,
  type NodePage,
  type NodeRegistration,
  type NodeUpdate,
  type NodeView,
  nodeMetricsSchema,
  nodePageSchema,
  type nodeQuerySchema,
  nodeViewSchema,
} from "@pi-controller/schema";
import * as z from "zod";
import { authorizationOf, type ClientCredentials } from "./credentials.ts";
import { type EnrolmentClient, enrolmentClient } from "./enrolment-client.ts";
import { type EventStream, type EventStreamOptions, ReconnectingEventStream } from "./event-stream.ts";
import { type GpioClient, gpioClient } from "./gpio-client.ts";
import { gpioStream } from "./gpio-stream.ts";
import { type CallOptions, type HttpAnswer, HttpConnection, segment } from "./http.ts";
import { type PeopleClient, peopleClient } from "./people-client.ts";
import type { SocketComponents, SocketLink } from "./reconnecting-socket.ts";
import { type SessionClient, sessionClient } from "./session-client.ts";
import { type ClientClock, type ClientRandom, hostClock, hostRandom } from "./time.ts";

export interface ClientOptions {
  /** Where a peer's API answers, as `http://127.0.0.1:8080`; in a page that the peer served, `location.origin`. */
  readonly baseUrl: string | URL;
  /** Of a program. In a browser the session cookie goes along by itself; its WebSockets take no bearer token. */
  readonly credentials?: ClientCredentials;
  /** The host's own unless given. */
  readonly fetch?: typeof fetch;
  /** The host's own unless given. */
  readonly WebSocket?: typeof WebSocket;
  /** For every request that does not say otherwise. 10 s unless given. */
  readonly timeoutMs?: number;
  /** Longest wait between two attempts of an event stream to connect. 15 s unless given. */
  readonly retryMaximumMs?: number;
  readonly clock?: ClientClock;
  readonly random?: ClientRandom;
}

/** A value with its revision, which `update` and `remove` take as `ifMatch`. */
export interface Revised<T> {
  readonly value: T;
  readonly revision: string;
}

/** As `GET /api/v1/nodes` takes it; what is left out has the server's default. */
export type NodeListQuery = Partial<Omit<z.input<typeof nodeQuerySchema>, "limit">> & {
  readonly limit?: number;
};
/** As `GET /api/v1/events` takes it. */
export type EventListQuery = Partial<EventQuery>;

export interface WriteOptions extends CallOptions {
  /** The revision that the change is based on: fails with FAILED_PRECONDITION when it is another by now. */
  readonly ifMatch?: string;
}

/**
 * Every method throws MeshError: what the peer said, or UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED.
 *
 * UNAUTHENTICATED means that one has to log in, unless `details.fields` names `password`: then the login stands, and
 * the password that was given to confirm an act is wrong.
 */
export interface Client extends SessionClient, PeopleClient, EnrolmentClient, GpioClient {
  readonly nodes: {
    list(query?: NodeListQuery, call?: CallOptions): Promise<NodePage>;
    /** @throws MeshError NOT_FOUND */
    get(id: NodeId, call?: CallOptions): Promise<Revised<NodeView>>;
    /** `created` is false when the machine was known already. */
    create(
      registration: NodeRegistration,
      call?: CallOptions,
    ): Promise<Revised<NodeView> & { readonly created: boolean }>;
    /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION, ALREADY_EXISTS when another node has the name */
    update(id: NodeId, update: NodeUpdate, options?: WriteOptions): Promise<Revised<NodeView>>;
    /** @throws MeshError NOT_FOUND, FAILED_PRECONDITION when the node is alive */
    remove(id: NodeId, options?: WriteOptions): Promise<void>;
    /** @throws MeshError NOT_FOUND */
    metrics(
      id: NodeId,
      query?: { readonly since?: string; readonly limit?: number },
      call?: CallOptions,
    ): Promise<NodeMetrics>;
  };
  readonly events: {
    /** Newest first. */
    list(query?: EventListQuery, call?: CallOptions): Promise<EventPage>;
    /** Starts at once and goes on until it is closed. */
    stream(options: EventStreamOptions): EventStream;
  };
  readonly mesh: { get(call?: CallOptions): Promise<MeshView> };
  /** Answers also when the peer is not ready. */
  health(call?: CallOptions): Promise<Health>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const RETRY_INITIAL_MS = 500;
const RETRY_MAXIMUM_MS = 15_000;

/**
 * A client of one peer's API, for browsers and Node. It holds nothing open but the streams that it started.
 *
 * @example
 * const client = createClient({ baseUrl: location.origin });
 * const { items } = await client.nodes.list({ state: "alive,suspect", sort: "-temperature" });
 *
 * @example Change a node, unless somebody else has in the meantime
 * const { value, revision } = await client.nodes.get(id);
 * await client.nodes.update(id, { labels: { ...value.labels, role: "door" } }, { ifMatch: revision });
 *
 * @example Follow what happens
 * const stream = client.events.stream({
 *   filter: { type: "cluster.node.*" },
 *   onEvent: (event) => show(event),
 *   onStatus: (status) => banner(status.state === "live" ? "" : "Connecting to the peer"),
 *   onGap: () => reload(),
 * });
 * addEventListener("online", () => stream.retryNow());
 */
export function createClient(options: ClientOptions): Client {
  const clock = options.clock ?? hostClock;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const http = new HttpConnection(
    // Called as a plain function: a browser's fetch refuses any other `this` than its window.
    { fetch: options.fetch ?? ((input, init) => fetch(input, init)), clock },
    { baseUrl: new URL(options.baseUrl), timeoutMs, credentials: options.credentials },
  );
  const nodePath = (id: NodeId) => `/api/v1/nodes/${segment(id)}`;

  const sockets = (): SocketComponents => ({
    WebSocket: options.WebSocket ?? WebSocket,
    clock,
    random: options.random ?? hostRandom,
  });
  const linkTo = (path: string): SocketLink => ({
    url: (query) => http.url({ path, query }),
    authorization: () => authorizationOf(options.credentials),
    timing: {
      connectTimeoutMs: timeoutMs,
      retryInitialMs: RETRY_INITIAL_MS,
      retryMaximumMs: options.retryMaximumMs ?? RETRY_MAXIMUM_MS,
    },
  });

  return {
    ...sessionClient(http),
    ...peopleClient(http),
    ...enrolmentClient(http),
    ...gpioClient(http, (query, handlers) => {
      const link = linkTo("/api/v1/gpio/changes");
      return opened(gpioStream(sockets(), query, { ...handlers, ...link }));
    }),
    nodes: {
      async list(query = {}, call) {
        const request = { method: "GET", path: "/api/v1/nodes", query } as const;
        return (await http.request(request, nodePageSchema, call)).body;
      },
      async get(id, call) {
        return revised(await http.request({ method: "GET", path: nodePath(id) }, nodeViewSchema, call));
      },
      async create(registration, call) {
        const request = { method: "POST", path: "/api/v1/nodes", body: registration } as const;
        const answer = await http.request(request, nodeViewSchema, call);
        return { ...revised(answer), created: answer.status === 201 };
      },
      async update(id, update, { ifMatch, ...call } = {}) {
        const request = { method: "PUT", path: nodePath(id), body: update, ifMatch } as const;
        return revised(await http.request(request, nodeViewSchema, call));
      },
      async remove(id, { ifMatch, ...call } = {}) {
        await http.request({ method: "DELETE", path: nodePath(id), ifMatch }, z.null(), call);
      },
      async metrics(id, query = {}, call) {
        const request = { method: "GET", path: `${nodePath(id)}/metrics`, query } as const;
        return (await http.request(request, nodeMetricsSchema, call)).body;
      },
    },
    events: {
      async list(query = {}, call) {
        const request = { method: "GET", path: "/api/v1/events", query } as const;
        return (await http.request(request, eventPageSchema, call)).body;
      },
      stream(streamOptions) {
        const link = linkTo("/api/v1/events");
        return opened(new ReconnectingEventStream(sockets(), { ...streamOptions, ...link }));
      },
    },
    mesh: {
      async get(call) {
        return (await http.request({ method: "GET", path: "/api/v1/mesh" }, meshViewSchema, call)).body;
      },
    },
    async health(call) {
      const request = { method: "GET", path: "/readyz", alsoAccept: [503] } as const;
      return (await http.request(request, healthSchema, call)).body;
    },
  };
}

/** Not before the caller holds the stream: its callbacks may want to close it. */
function opened<Stream extends { open(): void }>(stream: Stream): Stream {
  queueMicrotask(() => stream.open());
  return stream;
}

function revised<T>({ body, revision }: HttpAnswer<T>): Revised<T> {
  return { value: body, revision };
}
