import type { Connection } from "@libp2p/interface";
import type { Clock, Logger } from "@pi-controller/runtime";
import type { NodeId } from "@pi-controller/schema";
import type { ByteBudget } from "./byte-budget.ts";
import { isDead, silentIntervals } from "./keep-alive.ts";
import { RequestCaller } from "./request-caller.ts";

/** How long the other side may take to agree on the request protocol. */
const OPEN_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

interface Components {
  readonly connection: Connection;
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One connection to a peer of this mesh, with the request stream that this side opened on it. */
export class PeerLink {
  readonly peer: NodeId;
  readonly connection: Connection;
  readonly openedAtMs: number;
  readonly #components: Components;
  readonly #protocol: string;
  #caller: RequestCaller | undefined;
  #opening: Promise<RequestCaller> | undefined;
  #tickedMs: number;
  #silentIntervals = 0;

  constructor(components: Components, protocol: string) {
    this.#components = components;
    this.#protocol = protocol;
    this.connection = components.connection;
    this.peer = components.connection.remotePeer.toString();
    this.openedAtMs = components.clock.now();
    this.#tickedMs = components.clock.monotonic();
  }

  /** Without the peer's id. */
  get address(): string {
    return this.connection.remoteAddr.toString().replace(/\/p2p\/[^/]+$/, "");
  }

  get open(): boolean {
    return this.connection.status === "open";
  }

  get roundTripMs(): number | null {
    return this.#caller?.roundTripMs ?? null;
  }

  /** The request stream when it is open. */
  get openCaller(): RequestCaller | undefined {
    return this.#caller?.open === true ? this.#caller : undefined;
  }

  get pendingRequests(): number {
    return this.#caller?.pending ?? 0;
  }

  get heardMs(): number {
    return this.#caller?.heardMs ?? 0;
  }

  /**
   * The request stream; opened anew when the other side has closed it.
   *
   * @throws what libp2p throws when the peer does not speak the protocol of this mesh, or does not answer
   */
  caller(): Promise<RequestCaller> {
    if (this.openCaller !== undefined) return Promise.resolve(this.openCaller);
    this.#opening ??= this.#openCaller().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openCaller(): Promise<RequestCaller> {
    const { budget, clock, connection, logger } = this.#components;
    const stream = await connection.newStream(this.#protocol, {
      signal: AbortSignal.timeout(OPEN_TIMEOUT_MS),
    });
    const caller = new RequestCaller({ budget, clock, stream }, (error) =>
      logger.warn({ peer: this.peer, reason: error.message }, "A peer answered with what is no answer"),
    );
    caller.start();
    this.#caller = caller;
    caller.ping();
    return caller;
  }

  ping(): void {
    this.#caller?.ping();
  }

  /** Called at every keep-alive interval: asks for a sign of life, and says whether the peer is long silent. */
  tick(): "alive" | "dead" {
    this.#silentIntervals = silentIntervals(this.#silentIntervals, this.heardMs, this.#tickedMs);
    this.#tickedMs = this.#components.clock.monotonic();
    this.ping();
    return isDead(this.#silentIntervals) ? "dead" : "alive";
  }

  abort(reason: string): void {
    this.connection.abort(new Error(reason));
  }
}

/** In good order when the other side takes part, at once when it does not. */
export async function closeConnection(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) });
  } catch (error) {
    connection.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
