import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Random } from "@pi-controller/runtime";
import Koa, { type Middleware } from "koa";
import { type ApiLimits, type ApiOptions, defaultLimits } from "../options.ts";
import type { RequestMetrics } from "../prometheus/request-metrics.ts";
import type { Route } from "../routes/route.ts";
import { compressed } from "./compression.ts";
import { type Answering, answered, matched } from "./dispatch.ts";
import { Gate } from "./gate.ts";
import { HttpServer } from "./http-server.ts";
import { guarded, measured, withProblems } from "./middleware.ts";
import type { SecureContextSource } from "./tls-source.ts";

interface Components extends Answering {
  readonly gate: Gate;
  readonly routes: readonly Route[];
  /** Around all that can refuse a request; records what became of it. */
  readonly audit?: Middleware;
  /** Finds out who asks and whether he may. */
  readonly access: Middleware;
  readonly metrics: RequestMetrics;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly tls?: SecureContextSource | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What every API of a peer has in common: one port, its bounds, and the layers that a request goes through. */
export class HttpEdge {
  readonly #components: Components;
  readonly #server: HttpServer;
  #stopping = false;

  constructor(components: Components, options: ApiOptions) {
    this.#components = components;
    const limits = limitsOf(options);
    const { gate, tls, clock, logger, random, onUpgrade } = components;
    const answer = this.#koa(limits).callback();
    const onRequest = (request: IncomingMessage, response: Parameters<typeof answer>[1]) =>
      void answer(request, response);
    this.#server = new HttpServer(
      { clock, logger, random, gate, tls, onRequest, onUpgrade },
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

  get isStopping(): boolean {
    return this.#stopping;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#stopping = false;
    await this.#server.start(signal);
    this.#components.logger.info({ url: this.url() }, "The API listens");
  }

  /** From now on no request is begun. */
  refuseMore(): void {
    this.#stopping = true;
  }

  async stop(): Promise<void> {
    this.refuseMore();
    await this.#server.stop();
  }

  url(): string {
    return this.#server.url();
  }

  #koa(limits: ApiLimits): Koa {
    const { clock, logger, random, metrics, routes, audit, gate, access } = this.#components;
    const koa = new Koa();
    koa.on("error", (error: Error) => {
      // The error middleware has told the client of all others; this one came while its answer was sent.
      logger.debug({ error: error.message }, "An answer could not be sent");
    });
    koa.use(measured({ clock, logger, metrics }, () => this.#stopping));
    koa.use(withProblems({ logger, random }));
    koa.use(compressed);
    koa.use(matched(routes));
    if (audit !== undefined) koa.use(audit);
    koa.use(guarded(gate));
    koa.use(access);
    koa.use(answered(this.#components, limits));
    return koa;
  }
}

export function createGate(clock: Clock, options: ApiOptions): Gate {
  const { hostNames = [] } = options;
  const limits = limitsOf(options);
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

export function limitsOf({ limits }: ApiOptions): ApiLimits {
  return { ...defaultLimits, ...limits };
}

function hostsOf({ host, moreHosts = [] }: ApiOptions): readonly string[] {
  return [...new Set([host, ...moreHosts])];
}
