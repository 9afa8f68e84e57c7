import type { Clock, Logger, Random, Service, Unsubscribe } from "@pi-controller/runtime";
import { MeshError, type NodeId } from "@pi-controller/schema";
import { accessed, audited } from "./access/access-middleware.ts";
import { askingOf } from "./access/asking.ts";
import { AuditTrail } from "./access/audit-trail.ts";
import { Guard } from "./access/guard.ts";
import { createGate, HttpEdge, limitsOf } from "./http/edge.ts";
import type { SecureContextSource } from "./http/tls-source.ts";
import type { ApiOptions } from "./options.ts";
import { EventCounter } from "./prometheus/event-counter.ts";
import { NodeMetricSource } from "./prometheus/node-metrics.ts";
import { processMetrics } from "./prometheus/process-metrics.ts";
import { RequestMetrics } from "./prometheus/request-metrics.ts";
import { type MetricSource, prometheusText } from "./prometheus/text.ts";
import { createRoutes, type RouteComponents } from "./routes/create-routes.ts";
import { EVENTS_PATH } from "./routes/peer-routes.ts";
import { EventStreams } from "./stream/event-streams.ts";
import { GPIO_CHANGES_PATH, GpioStreams } from "./stream/gpio-streams.ts";
import { Handshakes } from "./stream/handshakes.ts";
import { StreamSockets } from "./stream/stream-sockets.ts";
import { UI_NOT_BUILT, UiFiles } from "./ui/ui-files.ts";

export interface ApiComponents extends RouteComponents {
  /** Calls back after who may do what has changed: streams of those who may no longer end at once. */
  readonly onTrustChange?: (listener: () => void) => Unsubscribe;
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

/** REST, WebSocket and the web UI of a member, on one port. Holds no rules of its own: they are in the use cases. */
export function createApi(components: ApiComponents, options: ApiOptions): Api {
  return new MemberApi(components, options);
}

class MemberApi implements Api {
  readonly name = "api";
  readonly #components: ApiComponents;
  readonly #streams: StreamSockets;
  readonly #eventStreams: EventStreams;
  readonly #edge: HttpEdge;
  readonly #requests = new RequestMetrics();
  readonly #eventCounter = new EventCounter();
  readonly #trail: AuditTrail;
  #node: NodeId | undefined;
  #unsubscribe: readonly Unsubscribe[] = [];

  constructor(components: ApiComponents, options: ApiOptions) {
    this.#components = components;
    const { clock, logger, random, events, security, gpio, tls } = components;
    const limits = limitsOf(options);
    const node = () => (this.#node ??= security.status(undefined).node);
    const gate = createGate(clock, options);
    const trail = new AuditTrail({ audit: security.audit, clock });
    this.#trail = trail;
    const { authenticator, authorize } = security;
    const guard = new Guard(
      { authenticator, authorize, clock },
      {
        node,
        rate: {
          perSecond: limits.requestsPerSecondOfUser,
          burst: limits.requestBurstOfUser,
          maxSenders: limits.maxRateLimitedUsers,
        },
      },
    );
    const { maxStreams, maxStreamsPerAddress, streamHeartbeatMs: heartbeatMs } = limits;
    this.#eventStreams = new EventStreams({ events }, { node });
    const gpioStreams = new GpioStreams({ gpio, asking: (request) => askingOf(request, security) });
    this.#streams = new StreamSockets(
      { sources: [this.#eventStreams, gpioStreams], clock, logger },
      { maxStreams, maxStreamsPerAddress, heartbeatMs },
    );
    const handshakes = new Handshakes(
      { gate, guard, trail, streams: this.#streams, random, logger },
      () => this.#edge.isStopping,
    );
    this.#edge = new HttpEdge(
      {
        gate,
        routes: createRoutes(components, {
          version: options.version,
          metricsText: () => this.#metricsText(),
        }),
        audit: audited(trail),
        access: accessed(guard, node),
        metrics: this.#requests,
        ui: new UiFiles(options.uiDirectory, UI_NOT_BUILT),
        node,
        mayEverybodys: (caller, route) => guard.mayEverybodys(caller, route),
        recheck: (caller) => guard.recheck(caller),
        unknownPath: (path) => new MeshError("NOT_FOUND", `There is no ${path}`),
        isReserved: () => false,
        onUpgrade: (request, socket, head) => handshakes.handle(request, socket, head),
        tls,
        clock,
        random,
        logger,
      },
      options,
    );
  }

  async start(signal: AbortSignal): Promise<void> {
    const { events, onTrustChange } = this.#components;
    this.#eventStreams.start();
    this.#unsubscribe = [
      events.observe(({ event }) => this.#eventCounter.count(event.type)),
      onTrustChange?.(() => this.#streams.recheck()) ?? (() => {}),
    ];
    await this.#edge.start(signal);
  }

  async stop(): Promise<void> {
    this.#edge.refuseMore();
    this.#eventStreams.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    await Promise.all([this.#streams.stop(), this.#edge.stop()]);
    this.#trail.flush();
  }

  url(): string {
    return this.#edge.url();
  }

  #metricsText(): string {
    const { nodes, metricSources = [] } = this.#components;
    const sources: readonly MetricSource[] = [
      new NodeMetricSource(nodes),
      this.#requests,
      this.#eventCounter,
      { collect: () => this.#streamFamilies() },
      processMetrics,
      ...metricSources,
    ];
    return prometheusText(sources.flatMap((source) => source.collect()));
  }

  #streamFamilies() {
    const clients = (name: string, help: string, path: string) =>
      ({ name, help, type: "gauge", samples: [{ value: this.#streams.size(path) }] }) as const;
    return [
      clients("picontroller_event_streams", "Clients that follow the events", EVENTS_PATH),
      clients("picontroller_gpio_streams", "Clients that follow changes at pins", GPIO_CHANGES_PATH),
    ];
  }
}
