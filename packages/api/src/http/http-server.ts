import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Random } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { ApiLimits } from "../options.ts";
import { Arrivals } from "./arrivals.ts";
import { connectionInfo, endsOf } from "./connection-info.ts";
import { correlationIdOf } from "./correlation.ts";
import { onFirstByte } from "./first-byte.ts";
import type { Gate } from "./gate.ts";
import { isLoopback, normalAddress, rateGroupOf } from "./gate-address.ts";
import { decidePlain, type PlainHttp, secureLocation } from "./http-redirect.ts";
import { HttpRejection } from "./http-rejection.ts";
import { addressOf, listenOnAll } from "./listen.ts";
import { problemOf } from "./problem.ts";
import { answerOnSocket } from "./raw-answer.ts";
import { HSTS, plainHeaders } from "./security-headers.ts";
import { TlsHandshakes } from "./tls-handshakes.ts";
import type { SecureContextSource } from "./tls-source.ts";

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly gate: Pick<Gate, "allowsAddress" | "admitTarget">;
  /** Without it there is plain HTTP alone, and that for this machine itself. */
  readonly tls?: SecureContextSource | undefined;
  readonly onRequest: RequestListener;
  /** @throws MeshError when there is no WebSocket to be had */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface Options {
  /** Addresses to listen on, at least one. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly portOption: string;
  readonly plainHttp: PlainHttp;
  readonly hsts: boolean;
  readonly limits: ApiLimits;
}

/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1_000;

/** HTTP with and without TLS on one port, with its bounds, from listening to the last goodbye. */
export class HttpServer {
  readonly #components: Components;
  readonly #options: Options;
  readonly #arrivals: Arrivals;
  readonly #tls: TlsHandshakes | undefined;
  #listeners: readonly NetServer[] = [];
  #http: Server | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#arrivals = new Arrivals(components, options.limits);
    const { logger, tls } = components;
    if (tls === undefined) return;
    this.#tls = new TlsHandshakes(
      { source: tls, logger },
      { handshakeTimeoutMs: options.limits.handshakeTimeoutMs },
    );
  }

  /** Where the server listens, first the first of its hosts. @throws MeshError FAILED_PRECONDITION before it does */
  addresses(): readonly AddressInfo[] {
    const addresses = this.#listeners.flatMap((listener) => addressOf(listener) ?? []);
    if (addresses.length === 0) throw new MeshError("FAILED_PRECONDITION", "The API does not listen");
    return addresses;
  }

  /**
   * How programs on this machine reach the server: over the loopback where it listens there, otherwise by its first
   * address.
   *
   * @throws MeshError FAILED_PRECONDITION before it listens
   */
  url(): string {
    const hosts = this.addresses().map(({ address, port }) => ({ host: reachable(address), port }));
    const [first] = hosts;
    const { host, port } = hosts.find((each) => isLoopback(each.host)) ?? first ?? { host: "", port: 0 };
    const connection = { secure: false, loopback: isLoopback(host) };
    const decision = decidePlain(connection, this.#options.plainHttp, this.#tls !== undefined);
    return `${decision === "redirect" ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** @throws MeshError FAILED_PRECONDITION when the port is taken, PERMISSION_DENIED, INVALID_ARGUMENT */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#tls?.start();
    const http = this.#createHttp();
    this.#http = http;
    this.#listeners = await listenOnAll(this.#options, (socket) => this.#arrive(socket));
    for (const listener of this.#listeners) {
      listener.on("error", (error) => {
        this.#components.logger.error({ err: error }, "The API's server failed");
      });
    }
  }

  /** Takes no more connections, and lets the requests under way end, though not for ever. */
  async stop(): Promise<void> {
    const listeners = this.#listeners;
    const http = this.#http;
    this.#listeners = [];
    this.#http = undefined;
    const closed = listeners.map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    );
    this.#arrivals.closePending();
    // Closes the idle connections and ends the watch over slow requests.
    http?.close();
    const timer = this.#components.clock.setTimer(
      () => this.#arrivals.closeAll(),
      this.#options.limits.stopTimeoutMs,
    );
    await Promise.all(closed);
    timer.cancel();
    this.#tls?.stop();
  }

  #createHttp(): Server {
    const { limits } = this.#options;
    const http = createServer(
      {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        // Others, such as h2c that curl offers, are asked for in vain and answered as plain HTTP.
        shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
      },
      (request, response) => this.#request(request, response),
    );
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    http.on("clientError", (error, socket) => this.#refuse(error, socket));
    // Node closes those on which nothing moves; a WebSocket takes this off and has its own heartbeat.
    http.setTimeout(limits.stalledTimeoutMs);
    // It is given its connections; but Node watches over slow requests from this event on alone.
    http.emit("listening");
    return http;
  }

  #arrive(socket: Socket): void {
    socket.on("error", (error) => {
      this.#components.logger.debug({ error: error.message }, "A connection failed");
    });
    const { remoteAddress, loopback } = endsOf(socket);
    if (!this.#components.gate.allowsAddress(remoteAddress)) {
      socket.destroy();
      return;
    }
    if (!this.#arrivals.add(socket, loopback ? undefined : rateGroupOf(remoteAddress))) return;
    onFirstByte(socket, (protocol) => {
      if (protocol === "tls" && this.#tls !== undefined) {
        this.#tls.accept(socket, (secured) => {
          this.#arrivals.settle(socket);
          this.#serve(secured);
        });
      } else {
        this.#arrivals.settle(socket);
        this.#serve(socket);
      }
    });
  }

  /** Documented by Node: a connection may be given to a server by this event. */
  #serve(socket: Socket): void {
    if (this.#http === undefined) socket.destroy();
    else this.#http.emit("connection", socket);
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { onRequest } = this.#components;
    const { plainHttp, hsts } = this.#options;
    const connection = connectionInfo(request);
    const decision = decidePlain(connection, plainHttp, this.#tls !== undefined);
    if (decision !== "serve") return this.#answerPlain(request, response, decision);
    if (hsts && connection.secure) response.setHeader("strict-transport-security", HSTS);
    onRequest(request, response);
  }

  /** Answers what came in the clear from another machine, without looking at what it asks for. */
  #answerPlain(request: IncomingMessage, response: ServerResponse, decision: "redirect" | "refuse"): void {
    const correlationId = this.#correlationId(request);
    const headers = { ...plainHeaders, connection: "close", "x-correlation-id": correlationId };
    try {
      this.#components.gate.admitTarget(request);
      const location = secureLocation(request.headers.host ?? "", request.url ?? "");
      if (decision === "refuse" || location === undefined) throw plainRefused();
      response.writeHead(308, { ...headers, location }).end();
    } catch (error) {
      const answer = problemOf(error, correlationId);
      if (answer.hidden) {
        this.#components.logger.error({ err: error, correlationId }, "A request without TLS failed");
      }
      response
        .writeHead(answer.problem.status, {
          ...headers,
          ...answer.headers,
          "content-type": "application/problem+json",
        })
        .end(JSON.stringify(answer.problem));
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", (error) => {
      this.#components.logger.debug({ error: error.message }, "A WebSocket's connection failed");
    });
    try {
      const connection = connectionInfo(request);
      const decision = decidePlain(connection, this.#options.plainHttp, this.#tls !== undefined);
      // Browsers follow no redirect here, and a page that came over TLS would not have asked.
      if (decision !== "serve") throw plainRefused();
      this.#components.onUpgrade(request, socket, head);
    } catch (error) {
      const correlationId = this.#correlationId(request);
      const answer = problemOf(error, correlationId);
      if (answer.hidden) {
        this.#components.logger.error({ err: error, correlationId }, "A WebSocket handshake failed");
      }
      answerOnSocket(socket, answer);
    }
  }

  /** What does not even parse as HTTP, or takes too long. */
  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    this.#components.logger.debug({ error: error.message, code: error.code }, "Refused what is no request");
    answerOnSocket(
      socket,
      problemOf(rejectionOf(error), correlationIdOf(undefined, this.#components.random)),
    );
  }

  #correlationId(request: IncomingMessage): string {
    return correlationIdOf(request.headers["x-correlation-id"], this.#components.random);
  }
}

/** The address by which this machine reaches what listens on an address, which may be all there are. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : normalAddress(address);
}

const plainRefused = () =>
  new MeshError("PERMISSION_DENIED", "This peer serves other machines over TLS alone: ask for https");

function rejectionOf(error: NodeJS.ErrnoException): MeshError {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new HttpRejection(431, "INVALID_ARGUMENT", "The headers are too large");
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HttpRejection(408, "DEADLINE_EXCEEDED", "The request did not come in time");
  }
  return new MeshError("INVALID_ARGUMENT", "This is no HTTP request");
}
