import {
  type EventStreamMessage,
  eventStreamMessageSchema,
  MeshError,
  type MeshEvent,
  type NodeId,
} from "@pi-controller/schema";
import { errorOfClose } from "./problem.ts";
import { type StreamGap, type StreamPosition, type StreamStatus, stepOf } from "./stream-status.ts";
import type { ClientClock, ClientRandom } from "./time.ts";

/** Which events to send. All that is given must match. */
export interface EventFilter {
  /** Event types, separated by commas; `cluster.node.*` stands for all that start so. */
  readonly type?: string;
  /** The node that they are about. */
  readonly node?: NodeId;
  readonly correlationId?: string;
}

export interface EventStreamOptions {
  readonly filter?: EventFilter;
  /** Where to go on; without it, the stream starts with what happens from now on. */
  readonly after?: StreamPosition;
  /** Each event once, in the order in which this peer came to know of them. */
  readonly onEvent: (event: MeshEvent, position: StreamPosition) => void;
  readonly onStatus?: (status: StreamStatus) => void;
  readonly onGap?: (gap: StreamGap) => void;
  /** The link is taken for dead when nothing came for so long. The peer sends something every 15 s. */
  readonly deadAfterMs?: number;
}

/** A running stream of events. */
export interface EventStream {
  /** Ends it; nothing is called after that but `onStatus` with `closed`. */
  close(): void;
  /** Connects at once when it waits: say, as the browser is online again. */
  retryNow(): void;
  readonly status: StreamStatus;
  /** Undefined until the first peer has answered. */
  readonly position: StreamPosition | undefined;
}

interface Components {
  readonly WebSocket: typeof WebSocket;
  readonly clock: ClientClock;
  readonly random: ClientRandom;
}

interface Timing {
  /** Within this time the peer must have said `hello`. */
  readonly connectTimeoutMs: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
}

const DEAD_AFTER_MS = 40_000;

/** Keeps one WebSocket to the peer: connects again with backoff and jitter, resumes where it was. */
export class ReconnectingEventStream implements EventStream {
  readonly #components: Components;
  readonly #options: EventStreamOptions;
  readonly #timing: Timing;
  readonly #url: (query: Readonly<Record<string, string | number | undefined>>) => URL;
  readonly #authorization: () => string | undefined | Promise<string>;
  #socket: WebSocket | undefined;
  #timer: { cancel(): void } | undefined;
  #position: StreamPosition | undefined;
  #status: StreamStatus = { state: "connecting", attempt: 1 };
  #failures = 0;

  constructor(
    components: Components,
    options: EventStreamOptions & {
      readonly timing: Timing;
      readonly url: (query: Readonly<Record<string, string | number | undefined>>) => URL;
      /** Value of the `Authorization` header; undefined when there is none to send. */
      readonly authorization: () => string | undefined | Promise<string>;
    },
  ) {
    this.#components = components;
    this.#options = options;
    this.#timing = options.timing;
    this.#url = options.url;
    this.#authorization = options.authorization;
    this.#position = options.after;
  }

  get status(): StreamStatus {
    return this.#status;
  }

  get position(): StreamPosition | undefined {
    return this.#position;
  }

  open(): void {
    if (this.#status.state !== "closed") this.#connect();
  }

  close(): void {
    this.#end(null);
  }

  retryNow(): void {
    if (this.#status.state === "waiting") this.#connect();
  }

  #connect(): void {
    this.#report({ state: "connecting", attempt: this.#failures + 1 });
    if (this.#status.state === "closed") return;
    const authorization = this.#authorization();
    if (!(authorization instanceof Promise)) {
      this.#connectAs(authorization);
      return;
    }
    const { status } = this;
    // Whoever closed the stream meanwhile, or had it begin another attempt, has changed the status.
    const current = (handle: () => void) => {
      if (this.#status === status) handle();
    };
    authorization.then(
      (header) => current(() => this.#connectAs(header)),
      (error: MeshError) => current(() => this.#lost(error)),
    );
  }

  #connectAs(authorization: string | undefined): void {
    const url = this.#url({
      ...this.#options.filter,
      after: this.#position?.sequence,
      log: this.#position?.log,
    });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = this.#newSocket(url, authorization);
    if (socket === undefined) return;
    this.#socket = socket;
    // An abandoned socket may still call back: only the present one counts.
    const current = (handle: () => void) => {
      if (this.#socket === socket) handle();
    };
    socket.addEventListener("message", (message: MessageEvent<unknown>) =>
      current(() => this.#receive(message.data)),
    );
    socket.addEventListener("close", ({ code, reason }) => current(() => this.#closed(code, reason)));
    this.#expectMessage(this.#timing.connectTimeoutMs);
  }

  #newSocket(url: URL, authorization: string | undefined): WebSocket | undefined {
    const { WebSocket } = this.#components;
    try {
      if (authorization === undefined) return new WebSocket(url);
      // Node's WebSocket takes headers in the place of subprotocols; a browser's has nowhere to put them.
      return new (WebSocket as unknown as WebSocketWithHeaders)(url, { headers: { authorization } });
    } catch (error) {
      // A browser refuses at once what it will never allow, such as ws: from a page that came by https:.
      const options = { cause: error };
      this.#end(
        new MeshError("PERMISSION_DENIED", `${url.host} cannot be connected to from here`, {}, options),
      );
      return undefined;
    }
  }

  #expectMessage(withinMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#components.clock.setTimer(
      () => this.#lost(new MeshError("UNAVAILABLE", `Nothing came from the peer for ${withinMs} ms`)),
      withinMs,
    );
  }

  #receive(data: unknown): void {
    const message = parseMessage(data);
    this.#expectMessage(this.#options.deadAfterMs ?? DEAD_AFTER_MS);
    // Of a kind that this version does not know: it has shown that the peer lives.
    if (message === undefined) return;
    const { position, gap, fresh } = stepOf(this.#position, message);
    this.#position = position;
    if (message.kind === "hello") {
      this.#failures = 0;
      this.#report({ state: "live", node: message.node, log: message.log });
    }
    if (gap !== undefined && this.#status.state !== "closed") this.#options.onGap?.(gap);
    if (fresh && message.kind === "event" && position !== undefined) {
      this.#options.onEvent(message.event, position);
    }
  }

  #closed(closeCode: number, reason: string): void {
    const { error, permanent } = errorOfClose(closeCode, reason);
    if (permanent) this.#end(error);
    else this.#lost(error);
  }

  #lost(error: MeshError): void {
    this.#abandonSocket();
    this.#failures += 1;
    const { retryInitialMs, retryMaximumMs } = this.#timing;
    const waitMs = Math.min(retryInitialMs * 2 ** Math.min(this.#failures - 1, 20), retryMaximumMs);
    // Half of it at random, so that the pages of a whole site do not come back in step.
    const retryInMs = Math.round(waitMs * (0.5 + this.#components.random.next() / 2));
    this.#timer = this.#components.clock.setTimer(() => this.#connect(), retryInMs);
    this.#report({ state: "waiting", retryInMs, error });
  }

  #end(error: MeshError | null): void {
    if (this.#status.state === "closed") return;
    this.#abandonSocket();
    this.#report({ state: "closed", error });
  }

  #abandonSocket(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #report(status: StreamStatus): void {
    this.#status = status;
    this.#options.onStatus?.(status);
  }
}

type WebSocketWithHeaders = new (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

function parseMessage(data: unknown): EventStreamMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return eventStreamMessageSchema.safeParse(JSON.parse(data)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
