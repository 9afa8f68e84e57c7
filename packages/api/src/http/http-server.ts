import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Random } from "@pi-controller/runtime";
import { MeshError } from "@pi-controller/schema";
import type { ApiLimits } from "../options.ts";
import { correlationIdOf } from "./correlation.ts";
import { HttpRejection } from "./http-rejection.ts";
import { problemOf } from "./problem.ts";
import { answerOnSocket } from "./raw-answer.ts";

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly onRequest: RequestListener;
  /** @throws MeshError when there is no WebSocket to be had */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly portOption: string;
  readonly limits: ApiLimits;
}

/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1_000;

/** Node's HTTP server with its bounds, from listening to the last goodbye. */
export class HttpServer {
  readonly #components: Components;
  readonly #options: Options;
  #server: Server | undefined;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
  }

  /** Where the server listens. @throws MeshError FAILED_PRECONDITION before it does */
  address(): AddressInfo {
    const address = this.#server?.address();
    if (address === null || address === undefined || typeof address === "string") {
      throw new MeshError("FAILED_PRECONDITION", "The API does not listen");
    }
    return address;
  }

  /** @throws MeshError FAILED_PRECONDITION when the port is taken, PERMISSION_DENIED, INVALID_ARGUMENT */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { limits, host, port } = this.#options;
    const server = createServer(
      {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: TIMEOUT_CHECK_MS,
        // Others, such as h2c that curl offers, are asked for in vain and answered as plain HTTP.
        shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
      },
      this.#components.onRequest,
    );
    server.maxConnections = limits.maxConnections;
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    server.on("clientError", (error, socket) => this.#refuse(error, socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(listenError(error, this.#options)));
      // Not with the signal: that one would go on to close the server after it has started.
      server.listen({ host, port }, resolve);
    });
    server.on("error", (error) => {
      this.#components.logger.error({ err: error }, "The API's server failed");
    });
  }

  /** Takes no more connections, and lets the requests under way end, though not for ever. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening !== true) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = this.#components.clock.setTimer(
      () => server.closeAllConnections(),
      this.#options.limits.stopTimeoutMs,
    );
    await closed;
    timer.cancel();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", (error) => {
      this.#components.logger.debug({ error: error.message }, "A WebSocket's connection failed");
    });
    try {
      this.#components.onUpgrade(request, socket, head);
    } catch (error) {
      const correlationId = correlationIdOf(request.headers["x-correlation-id"], this.#components.random);
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
}

function listenError(error: NodeJS.ErrnoException, { host, port, portOption }: Options): Error {
  const options = { cause: error };
  if (error.code === "EADDRINUSE") {
    const message = `Port ${port} on ${host} is in use by another program: choose another one with ${portOption}`;
    return new MeshError("FAILED_PRECONDITION", message, {}, options);
  }
  if (error.code === "EACCES") {
    const message = `Listening on port ${port} is not allowed: choose one above 1023 with ${portOption}`;
    return new MeshError("PERMISSION_DENIED", message, {}, options);
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new MeshError("INVALID_ARGUMENT", `${host} is no address of this machine`, {}, options);
  }
  return error;
}

function rejectionOf(error: NodeJS.ErrnoException): MeshError {
  if (error.code === "HPE_HEADER_OVERFLOW") {
    return new HttpRejection(431, "INVALID_ARGUMENT", "The headers are too large");
  }
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HttpRejection(408, "DEADLINE_EXCEEDED", "The request did not come in time");
  }
  return new MeshError("INVALID_ARGUMENT", "This is no HTTP request");
}
