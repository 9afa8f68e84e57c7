import { MeshError } from "@pi-controller/schema";
import { errorOfClose } from "./problem.ts";
import type { LinkStatus } from "./stream-status.ts";
import type { ClientClock, ClientRandom } from "./time.ts";

export interface SocketComponents {
  readonly WebSocket: typeof WebSocket;
  readonly clock: ClientClock;
  readonly random: ClientRandom;
}

export interface SocketTiming {
  /** Within this time the peer must have said something. */
  readonly connectTimeoutMs: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
}

/** What every stream needs to reach the peer. */
export interface SocketLink {
  readonly timing: SocketTiming;
  readonly url: (query: Readonly<Record<string, string | number | undefined>>) => URL;
  /** Value of the `Authorization` header; undefined when there is none to send. */
  readonly authorization: () => string | undefined | Promise<string>;
}

interface Options<Live> extends SocketLink {
  /** As of now, for the next connection. */
  readonly query: () => Readonly<Record<string, string | number | undefined>>;
  /** The link is taken for dead when nothing came for so long. The peer sends something every 15 s. */
  readonly deadAfterMs?: number | undefined;
  readonly onMessage: (data: unknown) => void;
  readonly onStatus?: ((status: LinkStatus<Live>) => void) | undefined;
}

const DEAD_AFTER_MS = 40_000;

/** Keeps one WebSocket to the peer: connects again with backoff and jitter until it is closed, or refused for good. */
export class ReconnectingSocket<Live extends { readonly state: "live" }> {
  readonly #components: SocketComponents;
  readonly #options: Options<Live>;
  #socket: WebSocket | undefined;
  #timer: { cancel(): void } | undefined;
  #status: LinkStatus<Live> = { state: "connecting", attempt: 1 };
  #failures = 0;

  constructor(components: SocketComponents, options: Options<Live>) {
    this.#components = components;
    this.#options = options;
  }

  get status(): LinkStatus<Live> {
    return this.#status;
  }

  open(): void {
    if (this.#status.state !== "closed") this.#connect();
  }

  close(): void {
    this.#end(null);
  }

  /** Connects at once when it waits. */
  retryNow(): void {
    if (this.#status.state === "waiting") this.#connect();
  }

  /** The peer has said hello. */
  greeted(status: Live): void {
    this.#failures = 0;
    this.#report(status);
  }

  #connect(): void {
    this.#report({ state: "connecting", attempt: this.#failures + 1 });
    if (this.#status.state === "closed") return;
    const authorization = this.#options.authorization();
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
    const url = this.#options.url(this.#options.query());
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
    this.#expectMessage(this.#options.timing.connectTimeoutMs);
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

  /** Of whatever kind it is: it has shown that the peer lives. */
  #receive(data: unknown): void {
    this.#expectMessage(this.#options.deadAfterMs ?? DEAD_AFTER_MS);
    this.#options.onMessage(data);
  }

  #closed(closeCode: number, reason: string): void {
    const { error, permanent } = errorOfClose(closeCode, reason);
    if (permanent) this.#end(error);
    else this.#lost(error);
  }

  #lost(error: MeshError): void {
    this.#abandonSocket();
    this.#failures += 1;
    const { retryInitialMs, retryMaximumMs } = this.#options.timing;
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

  #report(status: LinkStatus<Live>): void {
    this.#status = status;
    this.#options.onStatus?.(status);
  }
}

type WebSocketWithHeaders = new (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

/** What a message is, or undefined when it is none that this version knows. */
export function messageOf<Message>(
  data: unknown,
  schema: { safeParse(input: unknown): { data?: Message | undefined } },
): Message | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return schema.safeParse(JSON.parse(data)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
