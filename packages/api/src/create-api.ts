import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { NodeUseCases } from "@pi-controller/nodes";
import type { Clock, Logger, Random, Service, Unsubscribe } from "@pi-controller/runtime";
import { type Health, MeshError } from "@pi-controller/schema";
import Koa from "koa";
import type { EventReader } from "./event-reader.ts";
import { compressed } from "./http/compression.ts";
import { dispatched } from "./http/dispatch.ts";
import { Gate } from "./http/gate.ts";
import { HttpServer } from "./http/http-server.ts";
import { guarded, measured, withProblems } from "./http/middleware.ts";
import { parseTarget } from "./http/request-target.ts";
import type { SecureContextSource } from "./http/tls-source.ts";
import { openApiDocument } from "./openapi/document.ts";
import { type ApiLimits, type ApiOptions, defaultLimits } from "./options.ts";
import { EventCounter } from "./prometheus/event-counter.ts";
import { NodeMetricSource } from "./prometheus/node-metrics.ts";
import { processMetrics } from "./prometheus/process-metrics.ts";
import { RequestMetrics } from "./prometheus/request-metrics.ts";
import { type MetricSource, prometheusText } from "./prometheus/text.ts";
import { nodeRoutes } from "./routes/node-routes.ts";
import { EVENTS_PATH, peerRoutes } from "./routes/peer-routes.ts";
import type { Route } from "./routes/route.ts";
import { EventSockets } from "./stream/event-sockets.ts";
import { UiFiles } from "./ui/ui-files.ts";

export interface ApiComponents {
  readonly nodes: NodeUseCases;
  readonly events: EventReader;
  readonly health: () => Health;
  /** Figures for Prometheus beside those of nodes, events and requests. */
  readonly metricSources?: readonly MetricSource[];
  /** Certificate and key; without it there is plain HTTP alone, and that for this machine itself. */
  readonly tls?: SecureContextSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Api extends Service {
  /** As `http://127.0.0.1:8080`. @throws MeshError FAILED_PRECONDITION before it listens */
  url(): string;
}

/** REST, WebSocket and the web UI on one port. Holds no rules of its own: they are in the use cases. */
export function createApi(components: ApiComponents, options: ApiOptions): Api {
  return new KoaApi(components, options);
}

/** All routes, for the router and for the OpenAPI document alike. */
export function createRoutes(
  components: Pick<ApiComponents, "nodes" | "events" | "health">,
  options: { readonly version: string; readonly metricsText: () => string },
): readonly Route[] {
  const { metricsText, version } = options;
  let document: unknown;
  const openApi = () => {
    document ??= openApiDocument(routes, { version });
    return document;
  };
  const routes: readonly Route[] = [
    ...nodeRoutes(components.nodes),
    ...peerRoutes({ ...components, metricsText, openApi }),
  ];
  return routes;
}

class KoaApi implements Api {
  readonly name = "api";
  readonly #components: ApiComponents;
  readonly #options: ApiOptions;
  readonly #gate: Gate;
  readonly #streams: EventSockets;
  readonly #server: HttpServer;
  readonly #requests = new RequestMetrics();
  readonly #eventCounter = new EventCounter();
  #unsubscribe: Unsubscribe | undefined;
  #stopping = false;

  constructor(components: ApiComponents, options: ApiOptions) {
    this.#components = components;
    this.#options = options;
    const limits = { ...defaultLimits, ...options.limits };
    const { clock, logger, random, events, nodes } = components;
    this.#gate = createGate(clock, options, limits);
    this.#streams = new EventSockets(
      { events, clock, logger },
      {
        node: () => nodes.mesh().node,
        maxStreams: limits.maxStreams,
        maxStreamsPerAddress: limits.maxStreamsPerAddress,
        heartbeatMs: limits.streamHeartbeatMs,
      },
    );
    const answer = this.#koa(limits).callback();
    this.#server = new HttpServer(
      {
        clock,
        logger,
        random,
        gate: this.#gate,
        tls: components.tls,
        onRequest: (request, response) => void answer(request, response),
        onUpgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      },
      {
        hosts: hostsOf(options),
        port: options.port,
        portOption: options.portOption ?? "--port",
        plainHttp: options.plainHttp ?? "loopback",
        hsts: options.hsts ?? false,
        limits,
      },
    );
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#stopping = false;
    this.#streams.start();
    this.#unsubscribe = this.#components.events.observe(({ event }) => this.#eventCounter.count(event.type));
    await this.#server.start(signal);
    this.#components.logger.info({ url: this.url() }, "The API listens");
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await Promise.all([this.#streams.stop(), this.#server.stop()]);
  }

  url(): string {
    return this.#server.url();
  }

  #koa(limits: ApiLimits): Koa {
    const { clock, logger, random, nodes, metricSources = [] } = this.#components;
    const { uiDirectory, version } = this.#options;
    const sources = [
      new NodeMetricSource(nodes),
      this.#requests,
      this.#eventCounter,
      { collect: () => this.#streamFamilies() },
      processMetrics,
      ...metricSources,
    ];
    const metricsText = () => prometheusText(sources.flatMap((source) => source.collect()));
    const koa = new Koa();
    koa.on("error", (error: Error) => {
      // The error middleware has told the client of all others; this one came while its answer was sent.
      logger.debug({ error: error.message }, "An answer could not be sent");
    });
    koa.use(measured({ clock, logger, metrics: this.#requests }, () => this.#stopping));
    koa.use(withProblems({ logger, random }));
    koa.use(compressed);
    koa.use(guarded(this.#gate));
    const routes = createRoutes(this.#components, { version, metricsText });
    koa.use(dispatched({ routes, ui: new UiFiles(uiDirectory) }, limits));
    return koa;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#stopping) throw new MeshError("UNAVAILABLE", "The peer is stopping");
    this.#gate.admit(request, true);
    const { path, query } = parseTarget(request.url ?? "");
    if (path !== EVENTS_PATH) throw new MeshError("NOT_FOUND", `There is no WebSocket at ${path}`);
    this.#streams.accept(request, socket, head, query);
  }

  #streamFamilies() {
    return [
      {
        name: "picontroller_event_streams",
        help: "Clients that follow the events",
        type: "gauge",
        samples: [{ value: this.#streams.size }],
      } as const,
    ];
  }
}

function createGate(clock: Clock, options: ApiOptions, limits: ApiLimits): Gate {
  const { hostNames = [] } = options;
  return new Gate(
    { clock },
    {
      hosts: hostsOf(options),
      hostNames: typeof hostNames === "function" ? hostNames : () => hostNames,
      allowedNetworks: options.allowedNetworks,
      maxRequestsInFlight: limits.maxRequestsInFlight,
      rate: {
        perSecond: limits.requestsPerSecond,
        burst: limits.requestBurst,
        maxSenders: limits.maxRateLimitedAddresses,
      },
    },
  );
}

function hostsOf({ host, moreHosts = [] }: ApiOptions): readonly string[] {
  return [...new Set([host, ...moreHosts])];
}
