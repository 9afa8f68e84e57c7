import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger, Random } from "@pi-controller/runtime";
import { MeshError, statusOfCode } from "@pi-controller/schema";
import type { AuditTrail } from "../access/audit-trail.ts";
import type { Caller } from "../access/caller.ts";
import { refuseOtherSites } from "../access/cross-site.ts";
import { type Guard, strangerOf } from "../access/guard.ts";
import { accessOf, rightText } from "../access/route-access.ts";
import { correlationIdOf } from "../http/correlation.ts";
import type { Gate } from "../http/gate.ts";
import { problemOf } from "../http/problem.ts";
import { answerOnSocket } from "../http/raw-answer.ts";
import { parseTarget } from "../http/request-target.ts";
import type { Handshake, StreamSockets } from "./stream-sockets.ts";
import { type WebSocketRoute, webSocketRoutes } from "./web-sockets.ts";

interface Components {
  readonly gate: Gate;
  readonly guard: Guard;
  readonly trail: AuditTrail;
  readonly streams: StreamSockets;
  readonly random: Random;
  readonly logger: Logger;
}

/** Decides who gets a WebSocket: the same gate, guard and audit as of REST. */
export class Handshakes {
  readonly #components: Components;
  readonly #isStopping: () => boolean;

  constructor(components: Components, isStopping: () => boolean) {
    this.#components = components;
    this.#isStopping = isStopping;
  }

  /** Answers in its own time; throws nothing. */
  handle(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const { random, logger } = this.#components;
    const correlationId = correlationIdOf(request.headers["x-correlation-id"], random);
    const handshake = { request, connection, head };
    void this.#admit(handshake, correlationId).catch((error: unknown) => {
      const answer = problemOf(error, correlationId);
      if (answer.hidden) logger.error({ err: error, correlationId }, "A WebSocket handshake failed");
      answerOnSocket(connection, answer);
    });
  }

  async #admit(handshake: Handshake, correlationId: string): Promise<void> {
    const { request } = handshake;
    const { gate, guard } = this.#components;
    const { path, query } = parseTarget(request.url ?? "");
    const route = webSocketRoutes.find((each) => each.path === path);
    let caller = strangerOf(request, correlationId);
    let isOurPage = false;
    try {
      this.#refuseWhileStopping();
      gate.admit(request, true);
      // A browser says the origin of every WebSocket; of the site it may say what it thinks of `ws:` against `https:`.
      if (request.headers.origin === undefined) refuseOtherSites(request.headers);
      isOurPage = true;
      if (route === undefined) throw new MeshError("NOT_FOUND", `There is no WebSocket at ${path}`);
      await gate.run(async () => {
        caller = await guard.identify(request, correlationId, route);
      });
      guard.authorise(caller, route, {}, query);
      this.#refuseWhileStopping();
    } catch (error) {
      this.#record(route, caller, error);
      const told = error instanceof MeshError && isOurPage && seesOnlyCloseCodes(error, request);
      if (!told) throw error;
      this.#components.streams.refuse(handshake, error);
      return;
    }
    const objection = () => objectionOf(guard, caller, route);
    this.#components.streams.accept(handshake, route.path, { query, caller }, objection);
  }

  #refuseWhileStopping(): void {
    if (this.#isStopping()) throw new MeshError("UNAVAILABLE", "The peer is stopping");
  }

  #record(route: WebSocketRoute | undefined, { principal, origin }: Caller, error: unknown): void {
    const code = error instanceof MeshError ? error.code : "INTERNAL";
    this.#components.trail.record({
      method: "GET",
      action: route === undefined ? "GET none" : rightText(route.access),
      target: "",
      principal,
      origin,
      status: statusOfCode[code].http,
      code,
      always: false,
    });
  }
}

function objectionOf(guard: Guard, { principal }: Caller, { access }: WebSocketRoute): MeshError | undefined {
  return principal === undefined ? undefined : guard.objection(principal, accessOf(access, {}));
}

/**
 * The WebSocket of browsers, and Node's own, hides an HTTP answer to a handshake from the program: it could not tell
 * a login that is over from a cable that is cut, and would try for ever. Browsers give themselves away by `Origin`
 * (RFC 6455 section 4.1), Node by Fetch Metadata. Others get the answer that HTTP has for it.
 */
function seesOnlyCloseCodes({ code }: MeshError, { headers }: IncomingMessage): boolean {
  const ofLogin = code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED";
  return ofLogin && (headers.origin !== undefined || headers["sec-fetch-mode"] === "websocket");
}
