import type { IncomingMessage } from "node:http";
import { type Clock, RateLimiter, type RateLimiterOptions } from "@pi-controller/runtime";
import { type Access, MeshError, type NodeId } from "@pi-controller/schema";
import type {
  Authenticator,
  Authorize,
  PresentedCredentials,
  Principal,
  RequestOrigin,
} from "@pi-controller/security";
import { connectionInfo } from "../http/connection-info.ts";
import type { Caller } from "./caller.ts";
import { cookieNames, cookieOf } from "./cookies.ts";
import { presentedCredentials } from "./credentials.ts";
import { type AccessRule, accessOf, type RouteAccess } from "./route-access.ts";

/** What the guard looks at of a route, or of a WebSocket. */
export interface Guarded {
  readonly access: RouteAccess;
  /** The right that it takes instead of `access` when the query says `force=true`. */
  readonly withForce?: AccessRule;
  /** The right to what is everybody's, on a route that is about one's own: asked for with `all=true`. */
  readonly everybodys?: Pick<Access, "verb" | "resource">;
  /** Answered however much the same user has asked for lately: a program of his must not keep him from it. */
  readonly urgent?: true;
}

interface Components {
  readonly authenticator: Authenticator;
  readonly authorize: Authorize;
  readonly clock: Clock;
}

interface Options {
  /** This node; known only after the start. */
  readonly node: () => NodeId;
  /** Of one user, from whatever addresses. */
  readonly rate: RateLimiterOptions;
}

const USER_AGENT_CHARACTERS = 256;

/** Finds out who makes a request and whether he may: the one place for REST and WebSockets alike. */
export class Guard {
  readonly #components: Components;
  readonly #options: Options;
  readonly #rate: RateLimiter;

  constructor(components: Components, options: Options) {
    this.#components = components;
    this.#options = options;
    this.#rate = new RateLimiter(options.rate);
  }

  /**
   * @returns who it is; without a principal only for a public route, where wrong credentials are none
   * @throws MeshError UNAUTHENTICATED, RESOURCE_EXHAUSTED
   */
  async identify(
    request: IncomingMessage,
    correlationId: string,
    { access, urgent }: Guarded,
  ): Promise<Caller> {
    const { secure, clientCertificate } = connectionInfo(request);
    const names = cookieNames(this.#options.node(), secure);
    const stranger = strangerOf(request, correlationId);
    let credentials: PresentedCredentials = {};
    try {
      credentials = presentedCredentials(request.headers, names.session, clientCertificate);
      const principal = await this.#components.authenticator.authenticate(credentials, stranger.origin);
      if (principal !== undefined && urgent !== true) this.#limit(principal);
      if (principal === undefined && access !== "public") {
        throw new MeshError("UNAUTHENTICATED", "Log in first, or send a token");
      }
      const oidcState = access === "public" ? this.#oidcState(request, names.oidcState) : undefined;
      return { ...stranger, credentials, principal, oidcState };
    } catch (error) {
      if (!(error instanceof MeshError) || error.code !== "UNAUTHENTICATED" || access !== "public")
        throw error;
      const oidcState = this.#oidcState(request, names.oidcState);
      return { ...stranger, oidcState, staleSession: credentials.session !== undefined };
    }
  }

  /** @throws MeshError PERMISSION_DENIED that says what is missing */
  authorise(
    caller: Caller,
    guarded: Guarded,
    params: Readonly<Record<string, string>>,
    query: Readonly<Record<string, unknown>>,
  ): void {
    const { principal } = caller;
    if (principal === undefined) return;
    const isForced = guarded.withForce !== undefined && query["force"] === "true";
    const access = isForced ? guarded.withForce : guarded.access;
    if (typeof access === "object") this.#demand(principal, accessOf(access, params));
    if (guarded.everybodys !== undefined && query["all"] === "true") {
      this.#demand(principal, guarded.everybodys);
    }
  }

  /** Whether somebody may do to everybody's what a route does to one's own. */
  mayEverybodys({ principal }: Caller, { everybodys }: Guarded): boolean {
    if (principal === undefined || everybodys === undefined) return false;
    return this.#components.authorize(principal, everybodys) === undefined;
  }

  /**
   * A second look at who has taken his time to send a request: what he may must be what it was when he began.
   *
   * @throws MeshError UNAUTHENTICATED
   */
  recheck({ principal }: Caller): void {
    if (principal !== undefined && !this.#components.authenticator.stillValid(principal)) throw loginOver();
  }

  /** Asked now and then of what goes on for long. @returns why it must end; undefined while it may go on */
  objection(principal: Principal, access: Access): MeshError | undefined {
    if (!this.#components.authenticator.stillValid(principal)) return loginOver();
    const reason = this.#components.authorize(principal, access);
    return reason === undefined ? undefined : new MeshError("PERMISSION_DENIED", reason);
  }

  #demand(principal: Principal, access: Access): void {
    const reason = this.#components.authorize(principal, access);
    if (reason !== undefined) throw new MeshError("PERMISSION_DENIED", reason);
  }

  #limit(principal: Principal): void {
    const sender = principal.userId ?? `oidc ${principal.userName}`;
    const retryAfterMs = this.#rate.take(sender, this.#components.clock.monotonic());
    if (retryAfterMs > 0) {
      throw new MeshError("RESOURCE_EXHAUSTED", "Too many requests of this user", { retryAfterMs });
    }
  }

  #oidcState(request: IncomingMessage, name: string): string | undefined {
    try {
      return cookieOf(request.headers.cookie, name);
    } catch (error) {
      // The login that it belongs to fails without it, and says so.
      if (error instanceof MeshError) return undefined;
      throw error;
    }
  }
}

function loginOver(): MeshError {
  return new MeshError("UNAUTHENTICATED", "The login is over: log in again");
}

/** Somebody of whom nothing is known but where he asks from. */
export function strangerOf(request: IncomingMessage, correlationId: string): Caller {
  const { secure, remoteAddress } = connectionInfo(request);
  const origin: RequestOrigin = {
    address: remoteAddress,
    userAgent: (request.headers["user-agent"] ?? "").slice(0, USER_AGENT_CHARACTERS),
    correlationId,
  };
  return {
    principal: undefined,
    credentials: {},
    origin,
    url: `${secure ? "https" : "http"}://${request.headers.host ?? ""}`,
    secure,
    oidcState: undefined,
    staleSession: false,
  };
}
